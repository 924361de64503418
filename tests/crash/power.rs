//! The power fails at any operation of a ceremony.

use std::{fs, path::Path, thread};

use testkit::{
    privileged::Root,
    stage::{SEED, Stage, files_below, keymoot, said},
};

use crate::{
    disk::Survivors,
    recording::{Crash, Recording, Scenario},
    trial::{after_every_operation, attempt, one_of_each_kind},
};

/// The folder in which a ceremony is recorded, in a folder for it and its crashes.
const RECORDED: &str = "000000";
/// The first number of folders with second crashes.
const TWICE: usize = 20;

/// The selection of `make crash-points`. The suite selects nothing, and tries a sample.
struct Wanted {
    /// The name of one ceremony, or `all`.
    ceremony: String,
    /// How many of its crashes, where it is not the usual number.
    depth: Option<Tried>,
}

impl Wanted {
    fn read() -> Option<Self> {
        let ceremony = std::env::var("KEYMOOT_CRASH_POINTS").ok()?;
        let depth = std::env::var("KEYMOOT_CRASH_DEPTH").unwrap_or_default();
        let depth = match depth.as_str() {
            "states" => Some(Tried::Every),
            "operations" => Some(Tried::EveryOperation),
            "kinds" => Some(Tried::EveryKind),
            "vfat" => Some(Tried::Hollow),
            "" => None,
            other => panic!("{other} is none of states, operations, kinds and vfat"),
        };
        Some(Self { ceremony, depth })
    }
}

/// After how many of the states after a crash the test continues.
#[derive(Clone, Copy)]
enum Tried {
    Every,
    /// Those after every operation, and of what is torn one of every kind.
    EveryOperation,
    /// One after every kind of operation with everything that can survive it.
    EveryKind,
    /// So many of those, and so many of those in which vfat left something empty.
    Kinds(usize, usize),
    /// All of the latter.
    Hollow,
    /// After so many of those, so many (or all) of the states in which a crash of the
    /// continued ceremony leaves the disk, before anything new is recorded.
    Twice(usize, Option<usize>),
}

/// Tries a ceremony, prints the counts, and returns the states that did not survive.
fn survived(root: &Root, scenario: &Scenario, tried: Tried, folder: &Path) -> Vec<String> {
    fs::create_dir(folder).unwrap();
    let recording = Recording::of(root, scenario, &folder.join(RECORDED));
    let crashes = recording.crashes();
    let hollow = |crash: &&Crash| crash.survivors == Survivors::Hollow;
    let chosen = match tried {
        Tried::Hollow => one_of_each_kind(&recording, crashes.iter().filter(hollow), None),
        Tried::Every => crashes.iter().collect(),
        Tried::EveryOperation => after_every_operation(&recording, &crashes),
        Tried::EveryKind => one_of_each_kind(&recording, crashes.iter(), None),
        Tried::Kinds(most, on_vfat) => {
            let elsewhere = crashes.iter().filter(|crash| !hollow(crash));
            let mut kinds = one_of_each_kind(&recording, elsewhere, Some(most));
            let on_vfat = Some(on_vfat);
            kinds.extend(one_of_each_kind(
                &recording,
                crashes.iter().filter(hollow),
                on_vfat,
            ));
            kinds
        }
        Tried::Twice(first, second) => {
            let first = one_of_each_kind(&recording, crashes.iter(), Some(first));
            return survived_twice(&recording, &first, second, folder);
        }
    };
    let outcome = attempt(&recording, &chosen);
    println!(
        "{}: {} operations, {} different states after a crash; {} tried, {} survived",
        scenario.name,
        recording.durable(),
        crashes.len(),
        outcome.tried,
        outcome.tried - outcome.lost.len()
    );
    outcome.lost
}

/// The same for a second crash, while the program continues after the first.
fn survived_twice(
    recording: &Recording,
    first: &[&Crash],
    second: Option<usize>,
    folder: &Path,
) -> Vec<String> {
    let (mut tried, mut lost) = (0, Vec::new());
    for (number, crash) in first.iter().enumerate() {
        // As long as the folder's own name: the log names its files by their path.
        let folder = folder.with_file_name(format!("{:02}", TWICE + number));
        fs::create_dir(&folder).unwrap();
        let again = recording.gone_on_with(crash, &folder.join(RECORDED));
        let crashes = again.crashes_at_the_beginning();
        let chosen = match second {
            None => crashes.iter().collect(),
            most => one_of_each_kind(&again, crashes.iter(), most),
        };
        let outcome = attempt(&again, &chosen);
        tried += outcome.tried;
        lost.extend(outcome.lost);
    }
    println!(
        "{}: after {} crashes, at the beginning of going on: {tried} tried, {} survived",
        recording.name,
        first.len(),
        tried - lost.len()
    );
    lost
}

/// Every occasion after the first, starting from the bundle of the one before.
fn occasions(story: &Path) -> Vec<Scenario> {
    let mut tell = keymoot();
    tell.args([
        "rehearse",
        "story",
        "--unattended",
        "--seed",
        &SEED.to_string(),
        "--out",
    ]);
    let output = tell.arg(story).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    let chapter = |number: usize, script: &'static str, before: &str| {
        let path = |name: String| story.join(name).to_str().unwrap().to_owned();
        let (roster, policy) = (
            path(format!("{number}-roster.toml")),
            path(format!("{number}-policy.toml")),
        );
        let previous = path(before.to_owned());
        let arguments = [
            script,
            "--roster",
            &roster,
            "--policy",
            &policy,
            "--previous",
            &previous,
        ];
        Scenario::new(script, &arguments)
    };
    vec![
        chapter(2, "annual-resign", "1-initial-root"),
        chapter(3, "onboard-member", "2-annual-resign"),
        chapter(4, "emergency-revocation", "3-onboard-member"),
        chapter(5, "crates-root-change", "4-emergency-revocation"),
        chapter(6, "heartbeat", "5-crates-root-change"),
        chapter(6, "quorum-lost", "5-crates-root-change"),
    ]
}

/// A policy for a dialect that is not the shipped one's.
fn policy(dialect: &str, path: &Path) -> String {
    use keymoot::rehearsal::cast;
    const POLICY: &str = include_str!("../../ceremony-scripts/policy.toml");
    let policy = cast::with_online_key(POLICY).unwrap() + &cast::delegations().unwrap();
    fs::write(
        path,
        policy.replace("\"tuf-on-ci\"", &format!("\"{dialect}\"")),
    )
    .unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn ceremonies_survive_a_power_cut_at_any_operation() {
    let Some(root) = Root::of_this_test(&[]) else {
        return;
    };
    let folder = tempfile::Builder::new().prefix("kc").tempdir().unwrap();
    let tuf_ci = policy("tuf-ci", &folder.path().join("policy.toml"));
    let first = Scenario::new("initial-root", &["initial-root"]);
    let mixed = Scenario::new(
        "initial-root, mixed devices",
        &["initial-root", "--device", "mixed"],
    );
    let twice = Scenario::new("initial-root, twice", &["initial-root"]);
    let stage = Stage::new();
    let collect = Scenario::collecting("collect", &stage.small_policy());
    let wanted = Wanted::read();
    let sample = wanted.is_none();
    let ceremonies = match wanted {
        None => vec![
            (first, Tried::Kinds(16, 12)),
            (collect, Tried::Kinds(5, 3)),
            (mixed, Tried::Kinds(5, 4)),
            (twice, Tried::Twice(2, Some(4))),
        ],
        Some(Wanted { ceremony, depth }) => {
            let arguments = ["initial-root", "--policy", &tuf_ci];
            let mut others = occasions(&folder.path().join("story"));
            others.extend([mixed, Scenario::new("initial-root in tuf-ci", &arguments)]);
            let others = others
                .into_iter()
                .map(|other| (other, Tried::EveryOperation));
            std::iter::once((first, Tried::Every))
                .chain(others)
                .chain([(collect, Tried::Every), (twice, Tried::Twice(6, None))])
                .filter(|(scenario, _)| ceremony == "all" || ceremony == scenario.name)
                .map(|(scenario, usual)| match usual {
                    Tried::Twice(..) => (scenario, usual),
                    _ => (scenario, depth.unwrap_or(usual)),
                })
                .collect()
        }
    };
    assert!(!ceremonies.is_empty(), "there is no ceremony of this name");
    // While one ceremony is recorded, one processor alone has work. All states of all ceremonies
    // would not fit into the memory, so they are tried one after the other.
    let at_once = if sample { ceremonies.len() } else { 1 };
    let numbered: Vec<_> = ceremonies.iter().enumerate().collect();
    let lost: Vec<_> = numbered
        .chunks(at_once)
        .flat_map(|some| {
            thread::scope(|scope| {
                let (root, folder) = (&root, folder.path());
                let tries: Vec<_> = some
                    .iter()
                    .map(|&(number, (scenario, tried))| {
                        let folder = folder.join(format!("{number:02}"));
                        scope.spawn(move || survived(root, scenario, *tried, &folder))
                    })
                    .collect();
                tries
                    .into_iter()
                    .flat_map(|tried| tried.join().unwrap())
                    .collect::<Vec<_>>()
            })
        })
        .collect();
    if !lost.is_empty() {
        let kept = folder.keep();
        panic!("{}\nsee {}", lost.join("\n"), kept.display());
    }
}

#[test]
fn the_program_renames_in_one_module_alone() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"));
    let renaming: Vec<_> = ["src", "crates"]
        .iter()
        .flat_map(|folder| files_below(&workspace.join(folder)))
        .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
        .filter(|path| {
            let text = fs::read_to_string(path).unwrap();
            text.contains("rename(") || text.contains("renameat")
        })
        .collect();
    // An audit's state is synced there after its rename, too.
    let known = ["src/host/whole.rs", "crates/verify/src/audit/state.rs"];
    assert_eq!(renaming, known.map(|file| workspace.join(file)));
}
