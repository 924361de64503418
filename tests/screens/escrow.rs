//! The test opens the files that are sealed to holders.

use std::{
    fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use keymoot::rehearsal::cast::Cast;
use testkit::needle::Needle;

/// The holders' identities, which open what is sealed to them, and a roster.
pub(crate) struct Escrow {
    identities: Vec<age::x25519::Identity>,
    roster: PathBuf,
}

impl Escrow {
    /// Writes the roster.
    pub(crate) fn new(roster: PathBuf) -> Self {
        let mut identities = Vec::new();
        let text = Cast::of(9).roster();
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        for line in &mut lines {
            if line.starts_with("age_recipient = ") {
                let identity = age::x25519::Identity::generate();
                *line = format!("age_recipient = \"{}\"", identity.to_public());
                identities.push(identity);
            }
        }
        fs::write(&roster, lines.join("\n")).unwrap();
        Self { identities, roster }
    }

    pub(crate) fn roster(&self) -> &Path {
        &self.roster
    }

    /// The sealed secrets: PUKs and management keys.
    pub(crate) fn opened(&self, ceremony: &Path) -> Vec<Needle> {
        let sealed = fs::read_dir(ceremony.join("escrow")).unwrap();
        let paths = sealed.map(|entry| entry.unwrap().path());
        paths.flat_map(|path| self.open(&path)).collect()
    }

    fn open(&self, path: &Path) -> [Needle; 2] {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let sealed = fs::read(path).unwrap();
        let decryptor = age::Decryptor::new(&sealed[..]).unwrap();
        let identities = self.identities.iter();
        let mut text = String::new();
        let mut reader = decryptor
            .decrypt(identities.map(|identity| identity as &dyn age::Identity))
            .unwrap();
        reader.read_to_string(&mut text).unwrap();
        let secret = |name: &str| {
            let mut lines = text.lines();
            let value = lines.find_map(|line| line.strip_prefix(name)).unwrap();
            value.to_owned()
        };
        let management = hex::decode(secret("management key ")).unwrap();
        [
            Needle::new(format!("PUK of {name}"), secret("PUK ").as_bytes()),
            Needle::new(format!("management key of {name}"), &management),
        ]
    }
}
