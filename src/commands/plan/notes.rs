//! `NOTES.md`, which `keymoot plan new` writes: where each value comes from, and what to do next.

use std::path::Path;

use keymoot_core::text::quoted_path;

/// The occasion that the notes are about.
pub(super) struct Occasion<'o> {
    pub script: &'o Path,
    pub previous: Option<&'o Path>,
    pub rehearsal: bool,
    /// Whether the quorum signs a root of tuf-crates that is new to it.
    pub crates_root: bool,
}

impl Occasion<'_> {
    /// Instructions for the files. The commands in them work in the folder of these notes, so the
    /// previous state is named by its whole path.
    pub(super) fn notes(&self) -> String {
        let script = quoted_path(self.script);
        let plan = "--roster roster.toml --policy policy.toml";
        let from = self.from();
        let given = self.given();
        let newest = self.newest_root();
        let mode = if self.rehearsal { " --rehearsal" } else { "" };
        let (sources, rehearse) = (self.sources(), self.rehearse(&script, plan));
        format!(
            r"# Notes for {script}

## Where everything comes from

- **holders**: each new holder sends the lines of `newcomer.toml`. Paste them into `roster.toml`.
- **age_recipient**: the holder runs `age-keygen -o identity.txt` at home, sends the line that begins
  `age1`, and keeps `identity.txt`. Secrets of the device are sealed to it.
- **devices**: the serial numbers on the cases. A holder reads them off, and sends no photograph.
- **online key**: the people who run the service send its address and its public key as PEM.
{sources}
## Before the day

Run these in the folder of this file.

- [ ] Fill in `roster.toml` and `policy.toml`.
- [ ] `keymoot escrow prepare --roster roster.toml --dir tests`: send each holder the file of theirs.
      The holder runs `keymoot escrow test FILE --identity identity.txt` and sends the words back.
- [ ] `keymoot plan check {script} {plan}{from}{newest}{given}{mode}`
- [ ] Add `--out PATH` to that command for each medium.
- [ ] {rehearse}
- [ ] Print the runbook: `keymoot script runbook {script} --plan .{from}{given}{mode}`
- [ ] Publish the SHA-256 of script, policy and roster. `plan check` prints them.
"
        )
    }

    fn from(&self) -> String {
        self.previous.map_or_else(String::new, |previous| {
            format!(" --previous {}", quoted_path(previous))
        })
    }

    /// What other teams send for this occasion, with the options that name it.
    fn given(&self) -> &'static str {
        match self.crates_root {
            true => " --crates-root crates-root.json",
            false => "",
        }
    }

    /// A live ceremony that starts from a previous state needs the newest root.
    fn newest_root(&self) -> &'static str {
        match self.previous.is_some() && !self.rehearsal {
            true => " --trusted-root newest-root.json",
            false => "",
        }
    }

    /// Where the files of these options come from.
    fn sources(&self) -> String {
        let mut text = String::new();
        if self.crates_root {
            text += "- **root of tuf-crates**: the team of crates.io sends `root.json`. Save it here as\n  \
                     `crates-root.json`. Name every version since the last one with `--crates-root`.\n";
        }
        if self.crates_root && self.previous.is_some() {
            text += "  If another file changes instead, write `--authorised PATH=FILE`.\n";
        }
        if !self.newest_root().is_empty() {
            text += "- **newest root**: save the newest published root here as `newest-root.json`. Take it from\n  \
                     another source than the previous state.\n";
        }
        text
    }

    /// How to rehearse: with these files, or with simulated people where the previous state is real.
    fn rehearse(&self, script: &str, plan: &str) -> String {
        match self.previous {
            Some(_) if !self.rehearsal => format!(
                "Rehearse with simulated people: `keymoot rehearse --unattended --out first`, then\n      \
                 `keymoot rehearse {script} --previous first`"
            ),
            _ => format!(
                "Rehearse with these files. The simulated devices have the numbers of the roster:\n      \
                 `keymoot rehearse {script} {plan}{}`",
                self.from()
            ),
        }
    }
}
