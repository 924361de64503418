//! A look-alike of the vendor: the same names, shapes and dates, made
//! with openssl and other keys.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// The statements of a YubiKey 5.7.4 about a key that asks for PIN and touch.
pub(crate) const SLOT_EXTENSIONS: &str = "\
1.3.6.1.4.1.41482.3.3=DER:050704
1.3.6.1.4.1.41482.3.7=DER:020401020304
1.3.6.1.4.1.41482.3.8=DER:0302
1.3.6.1.4.1.41482.3.9=DER:03
";
/// What is in the device certificate of such a YubiKey.
pub(crate) const DEVICE_EXTENSIONS: &str = "\
1.3.6.1.4.1.41482.3.3=DER:050704
basicConstraints=critical,CA:TRUE,pathlen:0
";
/// The statements of a YubiHSM 2 of firmware 2.4.1 about a key that signs with ECDSA.
pub(crate) const KEY_EXTENSIONS: &str = "\
1.3.6.1.4.1.41482.4.1=DER:0403020401
1.3.6.1.4.1.41482.4.2=DER:020401020304
1.3.6.1.4.1.41482.4.3=DER:03020001
1.3.6.1.4.1.41482.4.4=DER:0303000001
1.3.6.1.4.1.41482.4.5=DER:0309000000000000000080
1.3.6.1.4.1.41482.4.6=DER:020103
1.3.6.1.4.1.41482.4.9=DER:0c087475662d726f6f74
";
/// What is in the device certificate of such a YubiHSM 2.
pub(crate) const UNIT_EXTENSIONS: &str = "\
1.3.6.1.4.1.41482.4.1=DER:0403020401
1.3.6.1.4.1.41482.4.2=DER:020401020304
basicConstraints=critical,CA:TRUE,pathlen:0
";
/// How openssl makes an RSA key with the exponent 3.
pub(crate) const EXPONENT_3: &str =
    "RSA -pkeyopt rsa_keygen_bits:2048 -pkeyopt rsa_keygen_pubexp:3";
const ROOT_NAME: &str = "Yubico PIV Root CA Serial 263751";
const DATES: (&str, &str) = ("20160314000000Z", "20520417000000Z");

/// A folder in which certificates are made.
pub(crate) struct Lookalike {
    folder: TempDir,
    /// The vendor's certificates by role, from the root down to the issuer of devices.
    authorities: Vec<(&'static str, &'static str)>,
}

/// The content of one device certificate and one slot attestation.
pub(crate) struct Recipe {
    pub device_name: &'static str,
    pub device_extensions: String,
    pub slot_name: &'static str,
    pub slot_extensions: String,
    pub slot_dates: (&'static str, &'static str),
    pub slot_key: &'static str,
    pub slot_digest: &'static str,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            device_name: "Yubico PIV Attestation",
            device_extensions: DEVICE_EXTENSIONS.to_owned(),
            slot_name: "YubiKey PIV Attestation 9c",
            slot_extensions: SLOT_EXTENSIONS.to_owned(),
            slot_dates: DATES,
            slot_key: "EC -pkeyopt ec_paramgen_curve:P-256",
            slot_digest: "sha256",
        }
    }
}

impl Recipe {
    /// The certificates of a YubiHSM 2 with serial number 16909060.
    pub(crate) fn yubihsm() -> Self {
        Self {
            device_name: "YubiHSM Attestation (16909060)",
            device_extensions: UNIT_EXTENSIONS.to_owned(),
            slot_name: "YubiHSM Attestation id:0x0003",
            slot_extensions: KEY_EXTENSIONS.to_owned(),
            ..Self::default()
        }
    }
}

impl Lookalike {
    /// A vendor of the shape of YubiHSM 2s of 2017 and later.
    pub(crate) fn of_yubihsms() -> Self {
        Self::of(&[
            (
                "yubihsm-root",
                "root",
                "Yubico YubiHSM Root CA",
                "critical,CA:TRUE",
            ),
            (
                "yubihsm-issuer",
                "issuer",
                "Yubico YubiHSM 6742036 Sub-CA",
                "critical,CA:TRUE,pathlen:1",
            ),
        ])
    }

    /// A vendor whose issuer of YubiHSM 2s, of this name, is in the
    /// hierarchy of the newest, below an intermediate or not.
    pub(crate) fn of_newest_yubihsms(issuer: &str, intermediate: bool) -> Self {
        let root = (
            "attestation-root",
            "root",
            "Yubico Attestation Root 1",
            "critical,CA:TRUE,pathlen:3",
        );
        let middle = (
            "attestation-intermediate",
            "intermediate",
            "Yubico Attestation Intermediate B 1",
            "critical,CA:TRUE,pathlen:2",
        );
        let issuer = (
            "yubihsm-issuer",
            "issuer",
            issuer,
            "critical,CA:TRUE,pathlen:1",
        );
        match intermediate {
            true => Self::of(&[root, middle, issuer]),
            false => Self::of(&[root, issuer]),
        }
    }

    /// A vendor whose root, of the genuine name, signs devices itself.
    pub(crate) fn vendor() -> Self {
        Self::of(&[("piv-root", "root", ROOT_NAME, "CA:TRUE,pathlen:1")])
    }

    /// The same vendor with a root of path length 0, as the genuine root's
    /// certificate from before 2018 has and the U2F root.
    pub(crate) fn with_short_root() -> Self {
        Self::of(&[("piv-root", "root", ROOT_NAME, "CA:TRUE,pathlen:0")])
    }

    /// A vendor of the shape that came with firmware 5.7.4, with an issuer of
    /// this name and path length.
    pub(crate) fn of_5_7_4(issuer: &str, depth: u8) -> Self {
        Self::of(&[
            (
                "attestation-root",
                "root",
                "Yubico Attestation Root 1",
                "critical,CA:TRUE,pathlen:3",
            ),
            (
                "attestation-intermediate",
                "intermediate",
                "Yubico Attestation Intermediate B 1",
                "critical,CA:TRUE,pathlen:2",
            ),
            (
                "piv-issuer",
                "issuer",
                issuer,
                &format!("critical,CA:TRUE,pathlen:{depth}"),
            ),
        ])
    }

    fn of(authorities: &[(&'static str, &'static str, &str, &str)]) -> Self {
        let mut vendor = Self {
            folder: tempfile::tempdir().unwrap(),
            authorities: Vec::new(),
        };
        for (role, name, subject, constraints) in authorities {
            let extensions =
                format!("basicConstraints={constraints}\nkeyUsage=critical,keyCertSign,cRLSign\n");
            let issuer = vendor.authorities.last().map_or(*name, |(_, above)| above);
            vendor.generate(name, "RSA -pkeyopt rsa_keygen_bits:2048");
            vendor.issue(issuer, name, subject, &extensions, DATES, "sha256");
            vendor.authorities.push((role, name));
        }
        vendor.generate("device", "RSA -pkeyopt rsa_keygen_bits:2048");
        vendor
    }

    /// Makes the evidence: the slot attestation's file and the device certificate's.
    pub(crate) fn evidence(&self, recipe: &Recipe) -> [PathBuf; 2] {
        let (_, issuer) = self.authorities.last().unwrap();
        self.issue(
            issuer,
            "device",
            recipe.device_name,
            &recipe.device_extensions,
            DATES,
            "sha256",
        );
        self.generate("slot", recipe.slot_key);
        self.issue(
            "device",
            "slot",
            recipe.slot_name,
            &recipe.slot_extensions,
            recipe.slot_dates,
            recipe.slot_digest,
        );
        [self.path("slot.pem"), self.path("device.pem")]
    }

    /// A folder for `--vendor-dir` that trusts this vendor.
    pub(crate) fn vendor_dir(&self) -> PathBuf {
        self.trusting(&self.authorities)
    }

    /// The same, with this range as the firmware of YubiKeys under the root.
    pub(crate) fn vendor_dir_of_firmware(&self, range: &str) -> PathBuf {
        let folder = self.vendor_dir();
        let manifest = fs::read_to_string(folder.join("vendor.toml")).unwrap();
        // The root comes first.
        let bounded = manifest.replacen("\nrole =", &format!("\nfirmware = {range}\nrole ="), 1);
        fs::write(folder.join("vendor.toml"), bounded).unwrap();
        folder
    }

    /// Gives the devices a key of this algorithm, such as openssl makes.
    pub(crate) fn with_device_key(self, algorithm: &str) -> Self {
        self.generate("device", algorithm);
        self
    }

    /// Gives the issuer of devices, of this name, another key of this algorithm.
    pub(crate) fn with_issuer_key(self, subject: &str, algorithm: &str) -> Self {
        let constraints =
            "basicConstraints=critical,CA:TRUE,pathlen:1\nkeyUsage=critical,keyCertSign\n";
        self.generate("issuer", algorithm);
        self.issue(
            "intermediate",
            "issuer",
            subject,
            constraints,
            DATES,
            "sha256",
        );
        self
    }

    /// Gives the devices a key whose primes are of the generator of CVE-2017-15361.
    pub(crate) fn with_factorable_device_key(self) -> Self {
        let key = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/tests/data/attestation/roca-2048.key"
        );
        fs::copy(key, self.path("device.key")).unwrap();
        self
    }

    /// The same without the issuer of devices.
    pub(crate) fn vendor_dir_without_issuer(&self) -> PathBuf {
        self.trusting(&self.authorities[..self.authorities.len() - 1])
    }

    /// The same with a second certificate of the root's key, of another serial number.
    pub(crate) fn vendor_dir_with_the_root_twice(&self) -> PathBuf {
        fs::copy(self.path("root.pem"), self.path("older.pem")).unwrap();
        let constraints = "basicConstraints=CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign\n";
        self.issue("root", "root", ROOT_NAME, constraints, DATES, "sha256");
        self.trusting(&[("piv-root", "older"), ("piv-root", "root")])
    }

    fn trusting(&self, authorities: &[(&str, &str)]) -> PathBuf {
        let files: Vec<(&str, PathBuf)> = authorities
            .iter()
            .map(|(role, name)| (*role, self.path(&format!("{name}.pem"))))
            .collect();
        let files: Vec<(&str, &Path)> = files
            .iter()
            .map(|(role, path)| (*role, path.as_path()))
            .collect();
        vendor_dir(&self.path("vendor"), &files)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn generate(&self, name: &str, algorithm: &str) {
        let key = format!("{name}.key");
        let arguments: Vec<&str> = ["genpkey", "-quiet", "-out", &key, "-algorithm"]
            .into_iter()
            .chain(algorithm.split(' '))
            .collect();
        self.openssl(&arguments);
    }

    fn issue(
        &self,
        issuer: &str,
        name: &str,
        subject: &str,
        extensions: &str,
        dates: (&str, &str),
        digest: &str,
    ) {
        let mut config = String::from("[req]\ndistinguished_name=dn\nstring_mask=utf8only\n[dn]\n");
        config.push_str(
            "[ca]\ndefault_ca=this\n[this]\ndatabase=index\nrand_serial=yes\nnew_certs_dir=.\n",
        );
        config.push_str(
            "unique_subject=no\nemail_in_dn=no\npolicy=any\n[any]\ncommonName=supplied\n",
        );
        // Newer versions of openssl add these two by default.
        config.push_str("[ext]\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n");
        config.push_str(extensions);
        fs::write(self.path("config"), config).unwrap();
        fs::write(self.path("index"), "").unwrap();
        let [key, issuer_key] = [name, issuer].map(|name| format!("{name}.key"));
        let [certificate, issuer_certificate] = [name, issuer].map(|name| format!("{name}.pem"));
        let subject = format!("/CN={subject}");
        self.openssl(&[
            "req", "-new", "-config", "config", "-utf8", "-key", &key, "-subj", &subject, "-out",
            "csr",
        ]);
        let signer = if issuer == name {
            vec!["-selfsign"]
        } else {
            vec!["-cert", &issuer_certificate]
        };
        let fixed = [
            "ca",
            "-batch",
            "-notext",
            "-config",
            "config",
            "-extensions",
            "ext",
            "-in",
            "csr",
        ];
        let varied = [
            "-keyfile",
            &issuer_key,
            "-out",
            &certificate,
            "-startdate",
            dates.0,
            "-enddate",
            dates.1,
            "-md",
            digest,
        ];
        self.openssl(&[&fixed[..], &varied[..], &signer[..]].concat());
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(self.folder.path())
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "openssl {arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

/// Writes a folder for `--vendor-dir` that gives each certificate a role.
pub(crate) fn vendor_dir(folder: &Path, certificates: &[(&str, &Path)]) -> PathBuf {
    use keymoot_attestation::{certificate_der, public_key_der};
    use keymoot_core::digest::Digest;

    fs::create_dir_all(folder).unwrap();
    let mut manifest = String::from("vendor = \"Lookalike\"\n");
    for (n, (role, path)) in certificates.iter().enumerate() {
        let pem = fs::read(path).unwrap();
        fs::write(folder.join(format!("{n}.pem")), &pem).unwrap();
        let sha256 = Digest::of(&certificate_der(&pem).unwrap());
        let spki = Digest::of(&public_key_der(&pem).unwrap());
        write!(
            manifest,
            "[[certificate]]\nfile = \"{n}.pem\"\nrole = \"{role}\"\nsha256 = \"{sha256}\"\nspki_sha256 = \"{spki}\"\n"
        )
        .unwrap();
    }
    fs::write(folder.join("vendor.toml"), manifest).unwrap();
    folder.to_owned()
}
