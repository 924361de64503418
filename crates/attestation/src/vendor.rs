//! The vendor trust material compiled into the program.

use super::manifest::Manifest;
use super::trust::TrustStore;
use keymoot_core::{Rule, Violation};

const MANIFEST: &str = include_str!("../../../attestations/vendor.toml");

macro_rules! files {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_bytes!(concat!("../../../attestations/", $path)))),*]
    };
}

const FILES: &[(&str, &[u8])] = files![
    "roots/yubico-piv-root-ca-263751.pem",
    "roots/yubico-u2f-root-ca-457200631.pem",
    "roots/yubico-attestation-root-1.pem",
    "roots/yubico-yubihsm-root-ca.pem",
    "intermediates/yubico-attestation-intermediate-a-1.pem",
    "intermediates/yubico-attestation-intermediate-b-1.pem",
    "intermediates/yubico-piv-attestation-a-1.pem",
    "intermediates/yubico-piv-attestation-b-1.pem",
    "intermediates/yubico-piv-attestation-b2-1.pem",
    "intermediates/yubico-yubihsm-6742036-sub-ca.pem",
    "intermediates/yubihsm-attestation-b2-1.pem",
];

impl TrustStore {
    /// Yubico's keys, compiled in from `attestations/`.
    ///
    /// # Errors
    /// DEVICE-TRUST, if the program was built from damaged files.
    pub fn vendor() -> Result<Self, Vec<Violation>> {
        let mut store = store()?;
        store.compiled_in = true;
        Ok(store)
    }
}

/// Builds the compiled-in store by the same path as any other, so that its
/// digests, roles and signatures are checked at each use.
fn store() -> Result<TrustStore, Vec<Violation>> {
    let manifest = Manifest::parse(MANIFEST).map_err(|violation| vec![violation])?;
    let contents: Vec<&[u8]> = manifest
        .files()
        .map(|wanted| {
            FILES
                .iter()
                .find(|(path, _)| *path == wanted)
                .map(|(_, bytes)| *bytes)
                .ok_or_else(|| {
                    vec![Violation::new(
                        Rule::DeviceTrust,
                        format!("{wanted} is named in vendor.toml and not compiled in"),
                        "build the program from a complete source tree",
                    )]
                })
        })
        .collect::<Result<_, _>>()?;
    manifest.store(&contents)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{FILES, MANIFEST, Manifest, store};
    use keymoot_core::Rule;

    /// Digests read off the vendor's publication, not off the files here.
    const PUBLISHED: [(&str, &str); 11] = [
        (
            "roots/yubico-piv-root-ca-263751.pem",
            "63ece914e54dd87915f34033c85af4c0696ba1512f8add66ced738331207b546",
        ),
        (
            "roots/yubico-attestation-root-1.pem",
            "62760c6a6ef91679f454c8902b80fd009825b3f25da90f1fbace2ec6586cd5a8",
        ),
        (
            "roots/yubico-u2f-root-ca-457200631.pem",
            "0fa1386f80eb8713263ae5c1d84deb455bdf08aea50ab05503cefee82b092d42",
        ),
        (
            "roots/yubico-yubihsm-root-ca.pem",
            "094a3ac493c2bdcd65a54bdf40190f52bb03f7156397a3fc69d8aa9a392fb724",
        ),
        (
            "intermediates/yubico-yubihsm-6742036-sub-ca.pem",
            "d7c6d8f45208e2a53996fb5a8f4d631b33ebabb64956b37b2ac151fbdbaf4ae9",
        ),
        (
            "intermediates/yubico-attestation-intermediate-a-1.pem",
            "4698a1d3389c3ec60016c216250f1d0439922832d65142327436376dc2942b55",
        ),
        (
            "intermediates/yubico-attestation-intermediate-b-1.pem",
            "d4cc3f456fdaf4e7812a21aab1dfe9d8e27d24e2fd2d6f21c9940109f0daa754",
        ),
        (
            "intermediates/yubico-piv-attestation-a-1.pem",
            "6de693f05376f5d8ca29069261e1c8626c75d503bd2edbfd75354cad1f722870",
        ),
        (
            "intermediates/yubico-piv-attestation-b-1.pem",
            "2d55b7998f4e42569d6d8fa382b6dc77d1dacf07358b19701163892922b17052",
        ),
        (
            "intermediates/yubico-piv-attestation-b2-1.pem",
            "0c90b7d184a36edf50a35f9be935f0c5689bfdcfe5bdd073366cafb49061a440",
        ),
        (
            "intermediates/yubihsm-attestation-b2-1.pem",
            "77d88e6363149ad6ba58a2ca1b8b407206ec57e7537c16cefbbc5edc39efb8e1",
        ),
    ];

    #[test]
    fn the_compiled_in_certificates_are_the_published_ones() {
        for (file, sha256) in PUBLISHED {
            let (_, pem) = FILES.iter().find(|(path, _)| *path == file).unwrap();
            let der = crate::certificate_der(pem).unwrap();
            assert_eq!(
                keymoot_core::digest::Digest::of(&der).to_string(),
                sha256,
                "{file}"
            );
        }
    }

    #[test]
    fn the_compiled_in_store_is_sound_and_whole() {
        assert_eq!(store().unwrap().len(), PUBLISHED.len());
    }

    #[test]
    fn the_issuer_of_the_newest_yubihsms_is_under_attestation_root_1() {
        let store = store().unwrap();
        let named = |name| {
            let anchor = store
                .anchors()
                .iter()
                .find(|a| a.subject_text.contains(name));
            anchor.map(|anchor| store.path(anchor).last().unwrap().subject_text.clone())
        };
        assert_eq!(
            named("YubiHSM Attestation B2 1").as_deref(),
            Some("CN=Yubico Attestation Root 1")
        );
    }

    #[test]
    fn a_firmware_range_belongs_to_a_root_of_yubikeys_and_is_not_empty() {
        let line = "firmware = { from = \"5.7.4\" }\n";
        for (role, range) in [
            ("piv-issuer", line),
            ("yubihsm-root", line),
            (
                "piv-root",
                "firmware = { from = \"5.0.0\", before = \"5.0.0\" }\n",
            ),
            ("piv-root", "firmware = { from = \"5.7\" }\n"),
            (
                "piv-root",
                "firmware = { from = \"5.7.4\", to = \"5.7.9\" }\n",
            ),
        ] {
            let text = format!(
                "vendor = \"x\"\n[[certificate]]\nfile = \"a\"\nrole = \"{role}\"\nsha256 = \"\"\nspki_sha256 = \"\"\n{range}"
            );
            assert_eq!(
                Manifest::parse(&text).unwrap_err().rule,
                Rule::DeviceTrust,
                "{role}: {range}"
            );
        }
    }

    #[test]
    fn a_manifest_with_another_digest_is_refused() {
        let manifest = Manifest::parse(&MANIFEST.replace("63ece914", "63ece915")).unwrap();
        let contents: Vec<&[u8]> = manifest
            .files()
            .map(|file| FILES.iter().find(|(path, _)| *path == file).unwrap().1)
            .collect();
        let violations = manifest.store(&contents).unwrap_err();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].rule, Rule::DeviceTrust);
    }

    #[test]
    fn a_manifest_cannot_name_a_file_outside_its_folder() {
        for outside in ["../secret.pem", "/etc/passwd", "a/../../b", ""] {
            let text = MANIFEST.replace("roots/yubico-piv-root-ca-263751.pem", outside);
            assert_eq!(
                Manifest::parse(&text).unwrap_err().rule,
                Rule::DeviceTrust,
                "{outside}"
            );
        }
    }
}
