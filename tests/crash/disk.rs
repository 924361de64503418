//! A model of a disk and its cache: what is there, and what of it is sure to be
//! there after a power cut.
//!
//! The model is the strictest that POSIX allows. Data of a file is sure after the file
//! was synced, a name after its folder was; nothing else is.
//!
//! On vfat less is sure. `vfat_rename` (Linux, `fs/fat/namei_vfat.c`) makes a new entry
//! with size and first cluster 0; the kernel fills them in when it writes the inode. Until
//! the renamed file is synced under its new name, the name leads to an empty file.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest as _, Sha256};

/// The bytes of a file, and their digest.
#[derive(Clone, Debug)]
pub(crate) struct Content {
    pub bytes: Arc<[u8]>,
    digest: [u8; 32],
}

impl Content {
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self {
            digest: Sha256::digest(&bytes).into(),
            bytes: bytes.into(),
        }
    }
}

/// The entry under a name.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Folder,
    File(Content),
}

/// Everything below a folder, by paths relative to it.
pub(crate) type Tree = BTreeMap<String, Found>;

/// A digest of names and contents.
pub(crate) fn digest(tree: &Tree) -> [u8; 32] {
    let mut hash = Sha256::new();
    for (path, found) in tree {
        hash.update(path.as_bytes());
        match found {
            Found::Folder => hash.update([0]),
            Found::File(content) => {
                hash.update([1]);
                hash.update(content.digest);
            }
        }
    }
    hash.finalize().into()
}

type Names = BTreeMap<String, usize>;

#[derive(Debug)]
enum Node {
    /// Names as they are, and as they were when the folder was last synced.
    Folder { now: Names, sure: Names },
    /// Content likewise; nothing is sure of a file that was never synced.
    File {
        now: Content,
        sure: Option<Content>,
        /// Whether it is kept by another machine that loses no power.
        elsewhere: bool,
    },
}

/// The rest of the unsynced changes after a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Survivors {
    /// All of it, as when only the program dies.
    Everything,
    /// Nothing.
    Nothing,
    /// Names, and no data.
    Names,
    /// Data, and no names.
    Data,
    /// Names, and the first half of the data.
    FirstHalf,
    /// Names, and files of their new length with nothing in them.
    Zeros,
    /// Names, and the second half of the data behind a hole.
    SecondHalf,
    /// Of the names the newest alone, as when a disk writes out of order.
    NewestName,
    /// Names and data on vfat, where a renamed file is empty until it is synced again.
    Hollow,
}

impl Survivors {
    pub(crate) const ALL: [Self; 9] = [
        Self::Everything,
        Self::Nothing,
        Self::Names,
        Self::Data,
        Self::FirstHalf,
        Self::Zeros,
        Self::SecondHalf,
        Self::NewestName,
        Self::Hollow,
    ];

    fn names(self) -> bool {
        !matches!(self, Self::Nothing | Self::Data | Self::NewestName)
    }

    /// The rest of a file.
    fn content(self, now: &Content, sure: Option<&Content>) -> Content {
        let before = sure.map_or(&[][..], |content| &content.bytes);
        let after = &now.bytes[..];
        if before == after {
            return now.clone();
        }
        let same = before.iter().zip(after).take_while(|(b, a)| b == a).count();
        let half = same + (after.len() - same) / 2;
        match self {
            Self::Everything | Self::Data | Self::Hollow => now.clone(),
            Self::Nothing | Self::Names | Self::NewestName => Content::of(before.to_vec()),
            Self::FirstHalf => Content::of(after[..half].to_vec()),
            Self::Zeros => Content::of([&after[..same], &vec![0; after.len() - same]].concat()),
            Self::SecondHalf => {
                let hole = vec![0; half - same];
                Content::of([&after[..same], &hole, &after[half..]].concat())
            }
        }
    }
}

/// The disk below one folder.
#[derive(Debug)]
pub(crate) struct Disk {
    nodes: Vec<Node>,
    /// The newest change of a name that is not sure: folder, name, and what it leads to.
    newest: Option<(usize, String, Option<usize>)>,
    /// Names that vfat made by a rename and has not filled in: folder and name, and what
    /// they are to lead to.
    hollow: BTreeMap<(usize, String), usize>,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self {
            nodes: vec![Node::Folder {
                now: Names::new(),
                sure: Names::new(),
            }],
            newest: None,
            hollow: BTreeMap::new(),
        }
    }

    /// A disk that holds a tree, and of which everything is sure.
    pub(crate) fn holding(tree: &Tree) -> Self {
        let mut disk = Self::new();
        for (path, found) in tree {
            match found {
                Found::Folder => disk.make_folder(path),
                Found::File(content) => {
                    disk.make_file(path);
                    disk.change(path, |bytes| bytes.extend_from_slice(&content.bytes));
                }
            }
        }
        disk.settle();
        disk
    }

    /// What is at a path.
    pub(crate) fn find(&self, path: &str) -> Option<usize> {
        let mut at = 0;
        for name in path.split('/').filter(|name| !name.is_empty()) {
            let Node::Folder { now, .. } = &self.nodes[at] else {
                return None;
            };
            at = *now.get(name)?;
        }
        Some(at)
    }

    fn place<'p>(&self, path: &'p str) -> (usize, &'p str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let folder = self.find(folder);
        (
            folder.unwrap_or_else(|| panic!("{path} has no folder")),
            name,
        )
    }

    fn name(&mut self, path: &str, to: Option<usize>) {
        let (folder, name) = self.place(path);
        let Node::Folder { now, .. } = &mut self.nodes[folder] else {
            panic!("{path} is in no folder")
        };
        match to {
            Some(node) => now.insert(name.to_owned(), node),
            None => now.remove(name),
        };
        self.newest = Some((folder, name.to_owned(), to));
    }

    pub(crate) fn make_folder(&mut self, path: &str) {
        self.nodes.push(Node::Folder {
            now: Names::new(),
            sure: Names::new(),
        });
        self.name(path, Some(self.nodes.len() - 1));
    }

    pub(crate) fn make_file(&mut self, path: &str) {
        self.nodes.push(Node::File {
            now: Content::of(Vec::new()),
            sure: None,
            elsewhere: false,
        });
        self.name(path, Some(self.nodes.len() - 1));
    }

    /// A device keeps what it remembers, at once: no crash of this disk changes it.
    pub(crate) fn keep_elsewhere(&mut self, path: &str, content: Content) {
        let node = self.find(path).unwrap_or_else(|| {
            self.make_file(path);
            self.nodes.len() - 1
        });
        self.nodes[node] = Node::File {
            sure: Some(content.clone()),
            now: content,
            elsewhere: true,
        };
        let (folder, name) = self.place(path);
        if let Node::Folder { sure, .. } = &mut self.nodes[folder] {
            sure.insert(name.to_owned(), node);
        }
    }

    /// Changes what a file holds.
    pub(crate) fn change(&mut self, path: &str, change: impl FnOnce(&mut Vec<u8>)) {
        let node = self
            .find(path)
            .unwrap_or_else(|| panic!("{path} is not there"));
        let Node::File { now, .. } = &mut self.nodes[node] else {
            panic!("{path} is a folder")
        };
        let mut bytes = now.bytes.to_vec();
        change(&mut bytes);
        *now = Content::of(bytes);
    }

    pub(crate) fn sync(&mut self, path: &str) {
        let node = self
            .find(path)
            .unwrap_or_else(|| panic!("{path} is not there"));
        match &mut self.nodes[node] {
            Node::Folder { now, sure } => *sure = now.clone(),
            Node::File { now, sure, .. } => *sure = Some(now.clone()),
        }
        if self
            .newest
            .as_ref()
            .is_some_and(|(folder, ..)| *folder == node)
        {
            self.newest = None;
        }
        self.hollow.retain(|_, renamed| *renamed != node);
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let node = self
            .find(from)
            .unwrap_or_else(|| panic!("{from} is not there"));
        self.name(from, None);
        self.name(to, Some(node));
        let (folder, name) = self.place(to);
        self.hollow.insert((folder, name.to_owned()), node);
    }

    pub(crate) fn remove(&mut self, path: &str) {
        self.name(path, None);
    }

    /// The present disk.
    pub(crate) fn now(&self) -> Tree {
        self.after(Survivors::Everything)
    }

    /// The disk after a power cut.
    pub(crate) fn after(&self, survivors: Survivors) -> Tree {
        let mut tree = Tree::new();
        self.collect(0, "", survivors, &mut tree);
        tree
    }

    fn collect(&self, at: usize, inside: &str, survivors: Survivors, tree: &mut Tree) {
        let Node::Folder { now, sure } = &self.nodes[at] else {
            return;
        };
        let mut names = if survivors.names() { now } else { sure }.clone();
        if let (Survivors::NewestName, Some((folder, name, to))) = (survivors, &self.newest)
            && *folder == at
        {
            match to {
                Some(node) => names.insert(name.clone(), *node),
                None => names.remove(name),
            };
        }
        for (name, node) in names {
            let path = format!("{inside}{name}");
            let hollow = survivors == Survivors::Hollow
                && self.hollow.get(&(at, name)).is_some_and(|to| *to == node);
            match &self.nodes[node] {
                Node::Folder { .. } if hollow => {
                    tree.insert(path, Found::Folder);
                }
                Node::File { .. } if hollow => {
                    tree.insert(path, Found::File(Content::of(Vec::new())));
                }
                Node::Folder { .. } => {
                    tree.insert(path.clone(), Found::Folder);
                    self.collect(node, &format!("{path}/"), survivors, tree);
                }
                Node::File {
                    now,
                    elsewhere: true,
                    ..
                } => {
                    tree.insert(path, Found::File(now.clone()));
                }
                Node::File { now, sure, .. } => {
                    let left = survivors.content(now, sure.as_ref());
                    tree.insert(path, Found::File(left));
                }
            }
        }
    }

    /// Everything is sure that is there.
    fn settle(&mut self) {
        for node in &mut self.nodes {
            match node {
                Node::Folder { now, sure } => *sure = now.clone(),
                Node::File { now, sure, .. } => *sure = Some(now.clone()),
            }
        }
        self.newest = None;
        self.hollow.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(disk: &Disk, survivors: Survivors) -> Vec<(String, Option<Vec<u8>>)> {
        let bytes = |found| match found {
            Found::Folder => None,
            Found::File(content) => Some(content.bytes.to_vec()),
        };
        let tree = disk.after(survivors).into_iter();
        tree.map(|(path, found)| (path, bytes(found))).collect()
    }

    fn file(path: &str, bytes: &[u8]) -> (String, Option<Vec<u8>>) {
        (path.to_owned(), Some(bytes.to_vec()))
    }

    #[test]
    fn a_name_is_sure_when_its_folder_was_synced_and_data_when_the_file_was() {
        let mut disk = Disk::new();
        disk.make_file("a");
        disk.change("a", |bytes| bytes.extend(b"data"));
        assert_eq!(left(&disk, Survivors::Nothing), []);
        disk.sync("");
        assert_eq!(left(&disk, Survivors::Nothing), [file("a", b"")]);
        disk.sync("a");
        assert_eq!(left(&disk, Survivors::Nothing), [file("a", b"data")]);
    }

    #[test]
    fn what_is_not_sure_is_torn_in_every_way() {
        let mut disk = Disk::new();
        disk.make_file("a");
        disk.change("a", |bytes| bytes.extend(b"sure"));
        disk.settle();
        disk.change("a", |bytes| bytes.extend(b"more"));
        for (survivors, bytes) in [
            (Survivors::Everything, &b"suremore"[..]),
            (Survivors::Nothing, b"sure"),
            (Survivors::FirstHalf, b"suremo"),
            (Survivors::Zeros, b"sure\0\0\0\0"),
            (Survivors::SecondHalf, b"sure\0\0re"),
        ] {
            assert_eq!(left(&disk, survivors), [file("a", bytes)], "{survivors:?}");
        }
    }

    #[test]
    fn a_rename_is_undone_where_its_folder_was_not_synced() {
        let mut disk = Disk::new();
        disk.make_file("a.part");
        disk.settle();
        disk.rename("a.part", "a");
        assert_eq!(left(&disk, Survivors::Nothing), [file("a.part", b"")]);
        assert_eq!(left(&disk, Survivors::Names), [file("a", b"")]);
        let both = [file("a", b""), file("a.part", b"")];
        assert_eq!(left(&disk, Survivors::NewestName), both);
    }

    #[test]
    fn on_vfat_what_was_renamed_is_empty_until_it_is_synced_under_its_new_name() {
        let mut disk = Disk::new();
        disk.make_file("a.part");
        disk.change("a.part", |bytes| bytes.extend(b"data"));
        disk.make_folder("b.part");
        disk.make_file("b.part/c");
        disk.settle();
        disk.rename("a.part", "a");
        disk.rename("b.part", "b");
        disk.sync("");
        let folder = |path: &str| (path.to_owned(), None);
        let hollow = [file("a", b""), folder("b")];
        assert_eq!(left(&disk, Survivors::Hollow), hollow);
        let whole = [file("a", b"data"), folder("b"), file("b/c", b"")];
        assert_eq!(left(&disk, Survivors::Nothing), whole);
        disk.sync("a");
        disk.sync("b");
        assert_eq!(left(&disk, Survivors::Hollow), whole);
    }
}
