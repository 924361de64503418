//! Modules import in one direction: what a module uses never uses that module.
//!
//! A module is a file. It uses another one when its code names an item that the other one defines,
//! directly or by a re-export. A re-export itself uses nothing, and tests may use what they test.
//! A call of a method names nothing, so `impl` blocks may be in modules above their type's own.
//! The test misses two uses: a re-exported name that is alone in a macro's arguments, and one
//! that a glob brings in.

#![allow(clippy::unwrap_used)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
    fs,
    path::Path,
};

use syn::{
    Attribute, Item, ItemUse, Macro, Meta, UseTree, Visibility,
    visit::{self, Visit},
};

/// The one cycle that no order of modules avoids: the event `answered` contains a branch, whose
/// entries have events.
const RECURSIVE: &str = "\
crates/record/src/lib.rs
cycle:
  transcript::branch uses Broken, ChainError, Entry, digest, parse of transcript::chain
  transcript::chain uses Answered, Event, deserialize of transcript::event
  transcript::chain uses members of transcript::unknown
  transcript::event uses Branch of transcript::branch
  transcript::unknown uses Event of transcript::event
";

/// The names that lead to a module from its crate's root, or a path as code writes it.
type Names = Vec<String>;

/// What the code of one module names.
#[derive(Default)]
struct Module {
    /// The module of its file: another one when it is written inside the file of its parent.
    file: Names,
    /// The names that `use` brings in, each with its path.
    imported: BTreeMap<String, Names>,
    /// Every path in the code, and of every `use` that is no re-export.
    named: BTreeSet<Names>,
}

/// The modules of a crate.
#[derive(Default)]
struct Modules(BTreeMap<Names, Module>);

/// Reads the modules below one file.
struct Reader<'a> {
    folder: &'a Path,
    /// The module that is being read.
    at: Names,
    modules: Modules,
}

impl Reader<'_> {
    fn module(&mut self) -> &mut Module {
        self.modules.0.entry(self.at.clone()).or_default()
    }

    /// Reads a module from a file of its own.
    fn file(&mut self, file: &Path) {
        let code = fs::read_to_string(file).unwrap();
        self.module().file = self.at.clone();
        self.visit_file(&syn::parse_file(&code).unwrap());
    }

    fn import(&mut self, tree: &UseTree, mut path: Names, is_re_export: bool) {
        let name = match tree {
            UseTree::Path(tree) => {
                path.push(tree.ident.to_string());
                return self.import(&tree.tree, path, is_re_export);
            }
            UseTree::Group(tree) => {
                for item in &tree.items {
                    self.import(item, path.clone(), is_re_export);
                }
                return;
            }
            UseTree::Rename(tree) => {
                path.push(tree.ident.to_string());
                tree.rename.to_string()
            }
            UseTree::Name(tree) if tree.ident == "self" => path.last().unwrap().clone(),
            UseTree::Name(tree) => {
                path.push(tree.ident.to_string());
                tree.ident.to_string()
            }
            UseTree::Glob(_) => {
                path.push("*".to_owned());
                "*".to_owned()
            }
        };
        self.module().imported.insert(name, path.clone());
        if !is_re_export {
            self.module().named.insert(path);
        }
    }

    /// Takes paths from what the parser leaves as tokens: arguments of macros and attributes.
    fn tokens(&mut self, tokens: &impl ToString) {
        let text = tokens.to_string().replace(" :: ", "::");
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let paths = words.filter(|word| word.contains("::"));
        let paths = paths.map(|path| path.split("::").map(str::to_owned).collect());
        self.module().named.extend(paths);
    }
}

fn is_for_tests(attributes: &[Attribute]) -> bool {
    let mut metas = attributes.iter().map(|attribute| &attribute.meta);
    metas.any(|meta| {
        meta.path().is_ident("cfg") && meta.require_list().unwrap().tokens.to_string() == "test"
    })
}

impl<'ast> Visit<'ast> for Reader<'_> {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            _ => return visit::visit_item(self, item),
        };
        if is_for_tests(attributes) {
            return;
        }
        let Item::Mod(module) = item else {
            return visit::visit_item(self, item);
        };
        let parent = self.module().file.clone();
        self.at.push(module.ident.to_string());
        if module.content.is_some() {
            self.module().file = parent;
            visit::visit_item_mod(self, module);
        } else {
            let path = self.folder.join(self.at.join("/"));
            let file = path.with_extension("rs");
            let is_file = file.exists();
            self.file(&if is_file { file } else { path.join("mod.rs") });
        }
        self.at.pop();
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let is_re_export = !matches!(item.vis, Visibility::Inherited);
        if item.leading_colon.is_none() {
            self.import(&item.tree, Vec::new(), is_re_export);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names = path.segments.iter().map(|part| part.ident.to_string());
        if path.leading_colon.is_none() {
            let names = names.collect();
            self.module().named.insert(names);
        }
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.tokens(&call.tokens);
        visit::visit_macro(self, call);
    }

    fn visit_attribute(&mut self, attribute: &'ast Attribute) {
        if let Meta::List(list) = &attribute.meta {
            self.tokens(&list.tokens);
        }
    }
}

impl Modules {
    /// The module that defines what a path names. None: a module itself.
    fn home(&self, at: &[String], path: &[String]) -> Option<Names> {
        let (name, rest) = path.split_first()?;
        let child = [at, std::slice::from_ref(name)].concat();
        match name.as_str() {
            "crate" => return self.home(&[], rest),
            "self" => return self.home(at, rest),
            "super" => return self.home(&at[..at.len() - 1], rest),
            "*" => return Some(at.to_vec()),
            _ => {}
        }
        let is_module = self.0.contains_key(&child);
        match self.0[at].imported.get(name) {
            _ if is_module && !rest.is_empty() => self.home(&child, rest),
            // A name of another crate is imported as itself.
            Some(import) if import[0] != *name || is_module => {
                self.home(at, &[import, rest].concat())
            }
            _ if is_module => None,
            _ => Some(at.to_vec()),
        }
    }

    /// What each module uses of each other one: module, used module, and the names.
    fn uses(&self) -> BTreeMap<&Names, BTreeMap<&Names, BTreeSet<&str>>> {
        let mut uses: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (at, module) in &self.0 {
            for path in &module.named {
                let Some(home) = self.home(at, path) else {
                    continue;
                };
                let used = &self.0[&home].file;
                if *used != module.file {
                    let of = uses
                        .entry(&module.file)
                        .or_default()
                        .entry(used)
                        .or_default();
                    of.insert(path.last().unwrap().as_str());
                }
            }
        }
        uses
    }

    /// The cycles, each as the lines that name what its modules use of each other.
    fn cycles(&self) -> String {
        let uses = self.uses();
        let reached: BTreeMap<_, _> = uses
            .keys()
            .map(|from| (*from, reached(&uses, from)))
            .collect();
        let leads =
            |from: &Names, to: &Names| reached.get(from).is_some_and(|all| all.contains(to));
        let mut lines = String::new();
        let mut seen = BTreeSet::new();
        for first in uses.keys().filter(|first| leads(first, first)) {
            if !seen.insert(*first) {
                continue;
            }
            lines.push_str("cycle:\n");
            let cycle = uses
                .keys()
                .filter(|other| leads(first, other) && leads(other, first));
            for from in cycle {
                seen.insert(from);
                for (to, names) in uses[from].iter().filter(|(to, _)| leads(to, first)) {
                    let names = names.iter().copied().collect::<Vec<_>>().join(", ");
                    writeln!(lines, "  {} uses {names} of {}", shown(from), shown(to)).unwrap();
                }
            }
        }
        lines
    }
}

/// The modules that one module uses, and those that they use.
fn reached<'a, T>(
    uses: &BTreeMap<&'a Names, BTreeMap<&'a Names, T>>,
    from: &Names,
) -> BTreeSet<&'a Names> {
    let mut reached = BTreeSet::new();
    let mut ahead: Vec<_> = uses[from].keys().copied().collect();
    while let Some(next) = ahead.pop() {
        if reached.insert(next) {
            ahead.extend(uses.get(next).into_iter().flat_map(|used| used.keys()));
        }
    }
    reached
}

fn shown(module: &Names) -> String {
    if module.is_empty() {
        "the crate's root".to_owned()
    } else {
        module.join("::")
    }
}

/// The modules of the crate with this root.
fn modules(root: &Path) -> Modules {
    let mut reader = Reader {
        folder: root.parent().unwrap(),
        at: Vec::new(),
        modules: Modules::default(),
    };
    reader.file(root);
    reader.modules
}

/// The folders of the crates whose modules are compared, below the workspace's.
fn folders(workspace: &Path) -> Vec<String> {
    let entries = fs::read_dir(workspace.join("crates")).unwrap();
    let crates = entries
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir());
    let crates = crates.map(|entry| entry.file_name().into_string().unwrap());
    let crates = crates.map(|name| format!("crates/{name}/src"));
    let mut folders: Vec<_> = crates.collect();
    folders.extend(["hsm-sim/src", "src"].map(str::to_owned));
    folders.sort();
    folders
}

#[test]
fn no_module_uses_itself_through_others() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = String::new();
    for folder in folders(workspace) {
        let roots = ["lib.rs", "main.rs"].map(|root| format!("{folder}/{root}"));
        let there = |root: &&String| workspace.join(root).exists();
        assert!(
            roots.iter().any(|root| there(&root)),
            "{folder} has no crate"
        );
        for root in roots.iter().filter(there) {
            let cycles = modules(&workspace.join(root)).cycles();
            if !cycles.is_empty() {
                write!(found, "{root}\n{cycles}").unwrap();
            }
        }
    }
    assert_eq!(found, RECURSIVE, "\n{found}");
}

#[test]
fn a_cycle_is_found_through_re_exports_prefixes_and_macros_and_in_no_test() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, code: &str| fs::write(folder.path().join(name), code).unwrap();
    write("lib.rs", "mod a; mod b; mod c; mod d; pub use a::A;");
    write("a.rs", "use crate::b; pub struct A; fn a() { b::b(); }");
    write(
        "b.rs",
        "use std::fmt; pub fn b() { println!(\"{}\", crate::c::C); }",
    );
    write("c.rs", "pub const C: u8 = { crate::A; 1 };");
    write(
        "d.rs",
        "use crate::A; #[cfg(test)] mod tests { use crate::b::b; }",
    );
    let cycles = modules(&folder.path().join("lib.rs")).cycles();
    let uses = ["a uses b of b", "b uses C of c", "c uses A of a"];
    assert_eq!(cycles, format!("cycle:\n  {}\n", uses.join("\n  ")));
}
