use super::*;
use keymoot_core::Rule;

/// Files as tuf-ci keeps them: each document beside its signatures. What they say is
/// not looked at where the tree is empty or holds the same.
fn pairs() -> Files {
    [
        "metadata/root.json",
        "metadata/root.sig.json",
        "metadata/root_history/10.root.json",
        "metadata/root_history/10.root.sig.json",
        "metadata/root_history/9.root.json",
        "metadata/root_history/9.root.sig.json",
        "metadata/targets.json",
        "metadata/targets.sig.json",
    ]
    .map(|path| (path.to_owned(), path.replace("root_history/10.", "").into()))
    .into()
}

fn laid(folder: &tempfile::TempDir) -> Result<(Tree, Laying), Vec<Violation>> {
    let tree = Tree::read(folder.path(), &pairs(), Dialect::TufCi).unwrap();
    let laying = laying(&pairs(), &tree, Dialect::TufCi)?;
    Ok((tree, laying))
}

#[test]
fn signatures_in_files_of_their_own_go_with_their_documents() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, laying) = laid(&folder).unwrap();
    let order: Vec<_> = laying.paths().map(str::to_owned).collect();
    assert_eq!(order[0], ATTRIBUTES);
    let order = &order[1..];
    assert!(order[..2].iter().all(|path| path.contains("/9.root.")));
    assert!(order[2..4].iter().all(|path| path.contains("/10.root.")));
    assert!(order[6..].iter().all(|path| is_current(path)));
    laying.write(&tree).unwrap();
    assert_eq!(laid(&folder).unwrap().1.paths().count(), 0);
}

#[test]
fn other_signatures_under_a_root_of_the_history_are_another_history() {
    let folder = tempfile::tempdir().unwrap();
    let (tree, laying) = laid(&folder).unwrap();
    laying.write(&tree).unwrap();
    let path = folder.path().join("metadata/root_history/9.root.sig.json");
    std::fs::write(path, "others").unwrap();
    let violations = laid(&folder).unwrap_err();
    assert_eq!(violations[0].rule, Rule::ExportHistory);
    assert!(violations[0].what.contains("9.root.sig.json"));
}

#[test]
fn the_lines_of_a_tree_for_git_are_kept_and_the_missing_ones_added() {
    let text = |there: Option<&[u8]>| String::from_utf8(attributes(&pairs(), there)).unwrap();
    assert_eq!(text(None), "metadata/** -text\n");
    assert_eq!(
        text(Some(b"* text=auto")),
        "* text=auto\nmetadata/** -text\n"
    );
    let whole = "metadata/** -text\r\n*.md text\n";
    assert_eq!(text(Some(whole.as_bytes())), whole);
}

#[test]
fn the_event_of_each_tool_is_seen() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("metadata")).unwrap();
    std::fs::write(folder.path().join("metadata/.signing-event.json"), "{}").unwrap();
    assert_eq!(laid(&folder).unwrap_err()[0].rule, Rule::ExportEvent);
}
