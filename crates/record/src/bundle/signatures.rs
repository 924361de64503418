//! BUNDLE-CLOSED: the holders' closing signatures.

use std::collections::BTreeSet;

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{Bundle, MANIFEST, SIGNATURES, Signatures, evidence::Evidence};
use crate::ceremony::{statement, turn::Purpose, verify::ClosingKeys};
use keymoot_core::{Rule, Verdict, Violation};
use keymoot_tuf::PublicKey;

/// BUNDLE-CLOSED for everybody who was not there, where nobody signed. If a ceremony ends without
/// its purpose and nobody present has a key, keymoot still exports the record, for those who were
/// there. Anyone can have written such a record.
#[must_use]
pub fn unsigned(bundle: &Bundle) -> Option<Verdict> {
    let bytes = bundle.files().get(SIGNATURES)?;
    let read = Signatures::read(bytes).ok()?;
    let violation = || {
        Violation::new(
            Rule::BundleClosed,
            format!("{SIGNATURES}: nobody signed this record, and anyone can have written it"),
            "ask people whom it names whether it is true: nothing in it proves that",
        )
    };
    read.signatures.is_empty().then(|| violation().into())
}

/// At least a quorum of distinct enrolled keys signed the manifest's exact bytes,
/// and no signature in the file is anything else.
pub(super) fn closed(bundle: &Bundle, evidence: &Evidence<'_>) -> Verdict {
    let state = &evidence.state;
    let fault = |what: String| {
        Violation::new(
            Rule::BundleClosed,
            format!("{SIGNATURES}: {what}"),
            "do not trust this bundle: its holders did not close it in this form",
        )
        .into()
    };
    let (Some(manifest), Some(bytes)) =
        (bundle.files().get(MANIFEST), bundle.files().get(SIGNATURES))
    else {
        return fault("it is missing".to_owned());
    };
    let signatures = match Signatures::read(bytes) {
        Ok(signatures) => signatures,
        Err(why) => return fault(why),
    };
    let ended = state.ended.is_some();
    let keys = match ClosingKeys::of(state, &|digest| evidence.object(digest)) {
        Ok(keys) => keys,
        Err(why) => return fault(why),
    };
    let message = statement::signed_bytes(statement::MANIFEST, manifest);
    let (mut closers, mut handles) = (BTreeSet::new(), BTreeSet::new());
    for signature in &signatures.signatures {
        let enrolled = state.seats.iter().find_map(|seat| {
            let enrolled = seat.enrolled()?;
            (keys.id(enrolled)? == signature.keyid).then_some((seat, enrolled))
        });
        let Some((seat, enrolled)) = enrolled else {
            return fault("a signature is by a key that was not enrolled".to_owned());
        };
        let good = PublicKey::from_spki_der(&enrolled.spki).is_ok_and(|key| {
            STANDARD
                .decode(&signature.sig)
                .is_ok_and(|sig| statement::is_signed(&key, &message, &sig, state.format()))
        });
        if !good {
            return fault(format!("the signature of {} is not good", seat.handle));
        }
        closers.insert(enrolled.spki.clone());
        handles.insert(seat.handle.to_string());
    }
    let threshold = state.needed(Purpose::Close);
    if closers.len() < threshold {
        return fault(format!(
            "{} distinct keys closed the bundle, and {threshold} must",
            closers.len()
        ));
    }
    let quorum = state.plan.policy.quorum.threshold as usize;
    Verdict::held(
        Rule::BundleClosed,
        format!(
            "{} distinct keys {} closed the bundle{}{}",
            closers.len(),
            match ended {
                true => "of those present",
                false => "of the root",
            },
            match closers.len() < quorum {
                true => format!(", fewer than the quorum of {quorum}"),
                false => String::new(),
            },
            match handles.is_empty() {
                true => String::new(),
                false => format!(": {}", handles.into_iter().collect::<Vec<_>>().join(", ")),
            }
        ),
    )
}
