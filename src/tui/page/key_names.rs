//! The names of the keys: on the screens, and in `--plain`.

/// The names of the keys of one interface, for use in a sentence.
pub(in crate::tui) struct KeyNames {
    /// Shows the options: "press Esc".
    pub ways: &'static str,
    /// The same as a noun: "Esc".
    pub ways_key: &'static str,
    /// Shows more of what is long.
    pub more: &'static str,
    /// Shows what was before it.
    pub back: &'static str,
    /// Leaves the ceremony.
    pub leave: &'static str,
    /// After the name of a digest: the key that shows it in large type. Lines have no large type.
    pub large: &'static str,
    /// Shows the file of a screen as QR codes. Lines have none.
    pub codes: &'static str,
    /// Removes what was typed in a line above: what to do.
    pub undo: &'static str,
    /// The ways to choose from a list.
    pub choose: &'static str,
    /// Inserts or unplugs a simulated device.
    pub plug: &'static str,
    /// Touches a simulated device.
    pub touch: &'static str,
    /// Takes another simulated device in hand, by its number.
    pub pick: &'static str,
}

/// On the screens.
pub(in crate::tui) const SCREENS: KeyNames = KeyNames {
    ways: "press Esc",
    ways_key: "Esc",
    more: "PgDn",
    back: "PgUp",
    leave: "F4",
    large: " (F8: large)",
    codes: "F10",
    undo: "go up and remove it",
    choose: "arrows or a number",
    plug: "Ctrl-N",
    touch: "Ctrl-T",
    pick: "Ctrl-P, its number and Enter",
};

/// Where answers are typed as lines.
pub(in crate::tui) const LINES: KeyNames = KeyNames {
    ways: "type ?",
    ways_key: "?",
    more: "Enter",
    back: "Enter",
    leave: "type ?",
    large: "",
    codes: "",
    undo: "type its number, then another text",
    choose: "a number",
    plug: "+",
    touch: "*",
    pick: "# and its number",
};
