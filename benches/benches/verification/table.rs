//! The medians of the run as a table in Markdown.

use std::path::Path;

use serde_json::Value;

/// The groups and who takes part; keymoot first.
const GROUPS: [(&str, &[&str]); 6] = [
    ("chain", &["keymoot", "python-tuf", "tough", "openssl"]),
    ("parse", &["keymoot", "python-tuf", "tough"]),
    ("canonicalise", &["keymoot", "python-tuf", "tough"]),
    ("verify", &["keymoot", "python-tuf", "tough"]),
    ("diff", &["keymoot"]),
    ("program", &["sigstore", "generated"]),
];

/// A measurement that a filter skipped in this run is printed with the figure of an
/// earlier run, or not at all.
pub(crate) fn print(results: &Path) {
    println!("\n| what | who | median | times keymoot's |\n| --- | --- | ---: | ---: |");
    for (group, members) in GROUPS {
        // The program is timed on one history or on the other.
        let mut medians = members.iter().map(|member| median(results, group, member));
        let ours = medians.find_map(|median| median);
        for member in members {
            if let Some(median) = median(results, group, member) {
                let ratio = ours.map_or(f64::NAN, |ours| median / ours);
                println!("| {group} | {member} | {} | {ratio:.2} |", shown(median));
            }
        }
    }
}

/// In nanoseconds.
fn median(results: &Path, group: &str, member: &str) -> Option<f64> {
    let file = results.join(group).join(member).join("new/estimates.json");
    let estimates: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    estimates["median"]["point_estimate"].as_f64()
}

fn shown(nanoseconds: f64) -> String {
    format!("{:.1} ms", nanoseconds / 1e6)
}
