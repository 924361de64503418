//! Who signed a document.

use std::rc::Rc;

use keymoot_tuf::{Quorum, ValidSignature};
use serde::{Serialize, Serializer};

/// Who signed, and how many must.
#[derive(Serialize)]
pub(super) struct Signers {
    pub(super) threshold: u32,
    #[serde(serialize_with = "signers")]
    pub(super) keys: Vec<Rc<Signer>>,
}

fn signers<S: Serializer>(keys: &[Rc<Signer>], to: S) -> Result<S::Ok, S::Error> {
    to.collect_seq(keys.iter().map(Rc::as_ref))
}

/// A key whose signature counts.
#[derive(Serialize)]
pub(super) struct Signer {
    keyid: String,
    spki_sha256: String,
    holder: Option<String>,
    /// Who that is, safe to show
    #[serde(skip)]
    pub(super) name: String,
}

impl Signers {
    /// Of a quorum, with what says who a signature is by.
    pub(super) fn of(quorum: &Quorum, signer: impl FnMut(&ValidSignature) -> Rc<Signer>) -> Self {
        Self {
            threshold: quorum.threshold,
            keys: quorum.valid.iter().map(signer).collect(),
        }
    }
}

impl Signer {
    pub(super) fn of(valid: &ValidSignature) -> Self {
        Self {
            keyid: valid.keyid.as_str().to_owned(),
            spki_sha256: valid.fingerprint.to_string(),
            holder: valid.holder.clone(),
            name: valid.signer(),
        }
    }
}
