//! The cases that run in the machine.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::devices::Devices;
use crate::failure::{Failure, Step, require};
use crate::machine::{Machine, Start};
use crate::operator::{End, Operator};
use crate::sticks::{self, FileSystem};

/// How long the machine takes to start.
pub(crate) const BOOT: Duration = Duration::from_secs(900);
/// How long a command takes that does little.
pub(crate) const SHORT: Duration = Duration::from_secs(300);
/// How long a rehearsal or a verification takes in an emulated machine.
const LONG: Duration = Duration::from_secs(1200);
/// How long a whole ceremony takes there.
const CEREMONY: Duration = Duration::from_secs(7200);

/// The rules on the machine.
const MACHINE_RULES: usize = 14;

/// When the power is cut: what the console shows, and how long after that.
const CUTS: [(&str, &str, Duration); 4] = [
    ("enrolment", "is about to generate its key", Duration::ZERO),
    ("signing", "signed root.json", Duration::ZERO),
    ("export", "step export begins", Duration::from_millis(500)),
    // The bundle counts as written now, and nobody has unmounted the stick.
    ("written", "was written and read back", Duration::ZERO),
];

/// Cuts before which no ceremony is at its end.
const MOMENTS_BEFORE_THE_END: usize = 3;

/// What all cases use.
pub(crate) struct Bench {
    /// The folder of the image as it is given away.
    pub shipped: PathBuf,
    /// The folder of the image with the test vendor's program.
    pub tested: Option<PathBuf>,
    /// The folder with the recordings of a console.
    pub console: Option<PathBuf>,
    /// Of the simulated devices, whose vendor that program trusts.
    pub seed: u64,
    /// For sticks, sockets, logs and pictures.
    pub folder: PathBuf,
}

impl Bench {
    fn tested(&self) -> Step<&Path> {
        self.tested.as_deref().ok_or_else(|| {
            Failure("this case needs an image with the test vendor's program (--tested)".to_owned())
        })
    }

    fn stick(&self, label: &str, of: FileSystem) -> Step<PathBuf> {
        sticks::make(&self.folder, label, of)
    }

    pub(crate) fn start(&self, image: &Path, start: Start, sticks: &[&Path]) -> Step<Machine> {
        let mut machine = Machine::start(image, start, sticks, &self.folder)?;
        let begun = Instant::now();
        machine.console.open_shell(BOOT)?;
        let up = machine.console.must("cut -d' ' -f1 /proc/uptime", SHORT)?;
        println!(
            "    up in {} s ({} s by its own clock)",
            begun.elapsed().as_secs(),
            up.lines().next().unwrap_or_default()
        );
        Ok(machine)
    }
}

/// Mounts both sticks.
fn mount(machine: &mut Machine) -> Step {
    // The kernel looks at a stick a second after it finds it.
    let wait = "until [ $(sticks list | wc -l) -ge 2 ]; do sleep 0.5; done";
    machine.console.must(wait, SHORT)?;
    let mount = "for stick in $(sticks list | cut -f1); do sticks mount $stick; done";
    let said = machine.console.must(mount, SHORT)?;
    for folder in ["/media/CEREMONY", "/media/BUNDLE"] {
        require(said.contains(folder), || {
            format!("{folder} is not mounted: {said}")
        })?;
    }
    Ok(())
}

/// How many holders a small plan has; two of them sign.
const FEW: usize = 3;

/// A policy with simulated online keys, made for tests, for two holders.
const SMALL_POLICY: &str = include_str!("../../../fuzz/plan/policy.toml");

/// What the verifier of a bundle with such small plans demands.
const EXPECTATIONS: &str = include_str!("../../../test-vendor/expectations.toml");

/// Puts a plan for a few simulated holders onto the ceremony's stick.
fn small_plan(machine: &mut Machine) -> Step {
    let policy = SMALL_POLICY.replace("holders = 2", &format!("holders = {FEW}"));
    machine.console.put("/tmp/policy.toml", &policy)?;
    plan(
        machine,
        &format!("--holders {FEW} --policy /tmp/policy.toml"),
    )
}

/// Puts the shipped plan for nine simulated holders there.
fn whole_plan(machine: &mut Machine) -> Step {
    plan(machine, "")
}

/// A root of tuf-crates without a rehearsal's mark.
const CRATES_ROOT: &str = include_str!(
    "../../../tests/data/bundles/0.2.0-live/bundle/repositories/tuf-crates/metadata/root.json"
);

/// Makes a rehearsal's plan a live one: other countries and addresses, and the answers to the tests
/// of the recipients.
const LIVE: &str = r#"
set -e
cd /media/CEREMONY
sed -i 's/ (simulated)//; s|simulated:|gcpkms:projects/test/|' roster.toml policy.toml
sed -i 's/"XA"/"AT"/; s/"XB"/"BE"/; s/"XC"/"CH"/; s/"XD"/"DK"/; s/"XE"/"ES"/' roster.toml
sed -i 's/"XF"/"FI"/; s/"XG"/"GR"/; s/"XH"/"HU"/; s/"XI"/"IE"/' roster.toml
while IFS= read -r line; do
    echo "$line"
    case $line in 'age_recipient = '*)
        recipient=${line#*\"}
        digest=$(printf 'keymoot recipient test\n%s\nadult\n' "${recipient%\"}" | sha256sum)
        echo "recipient_test = \"${digest%% *}\""
        echo 'recipient_answer = "adult"'
    esac
done < roster.toml > /tmp/answered
cp /tmp/answered roster.toml
sync
"#;

/// Takes roster and policy from a rehearsal.
fn plan(machine: &mut Machine, of: &str) -> Step {
    let begun = Instant::now();
    machine.console.must(
        &format!("keymoot rehearse --unattended --seed 7 {of} --dir /tmp/plan --out /tmp/plan-bundle > /tmp/said"),
        LONG,
    )?;
    println!("    a rehearsal: {} s", begun.elapsed().as_secs());
    machine.console.must(
        "cp /tmp/plan/roster.toml /tmp/plan/policy.toml /media/CEREMONY/",
        SHORT,
    )?;
    machine
        .console
        .put("/media/CEREMONY/1.root.json", CRATES_ROOT)?;
    machine.console.put("/tmp/live.sh", LIVE)?;
    machine.console.must("sh /tmp/live.sh", SHORT)?;
    Ok(())
}

const RUN: &str = "keymoot run initial-root --roster /media/CEREMONY/roster.toml \
    --policy /media/CEREMONY/policy.toml --crates-root /media/CEREMONY/1.root.json --dir /media/CEREMONY/ceremony --out /media/BUNDLE/bundle --plain";
const RESUME: &str = "keymoot resume /media/CEREMONY/ceremony --plain";

/// Unmounts the sticks, mounts them again, and verifies the bundle from the medium.
fn verify(machine: &mut Machine) -> Step {
    machine.console.must("sticks away", SHORT)?;
    mount(machine)?;
    machine
        .console
        .put("/tmp/expectations.toml", EXPECTATIONS)?;
    machine.console.must(
        "keymoot verify /media/BUNDLE/bundle --expect /tmp/expectations.toml > /tmp/verified",
        LONG,
    )?;
    let verdict = machine.console.must("grep VERIFIED /tmp/verified", SHORT)?;
    println!("    {}", verdict.trim());
    Ok(())
}

/// The tested image has another program than the shipped one, and nothing else differs.
pub(crate) fn one_file_differs(bench: &Bench) -> Step {
    let read = |image: &Path| std::fs::read_to_string(image.join("files"));
    let (shipped, tested) = (read(&bench.shipped)?, read(bench.tested()?)?);
    let other: Vec<_> = tested
        .lines()
        .filter(|line| !shipped.lines().any(|same| same == *line))
        .filter_map(|line| line.split_whitespace().nth(1))
        .collect();
    require(other == ["./usr/local/bin/keymoot"], || {
        format!("other files differ than the program: {other:?}")
    })?;
    let count = |list: &str| list.lines().count();
    require(count(&shipped) == count(&tested), || {
        "one image has more files than the other".to_owned()
    })?;
    println!(
        "    {} files, of which 1 differs: {}",
        count(&shipped),
        other.join(" ")
    );
    for file in ["vmlinuz", "cmdline"] {
        let read = |image: &Path| std::fs::read(image.join(file));
        require(read(&bench.shipped)? == read(bench.tested()?)?, || {
            format!("{file} differs")
        })?;
    }
    Ok(())
}

/// A rehearsal from the menu, held unattended, and its bundle verified from the menu.
pub(crate) fn rehearsal_from_the_menu(bench: &Bench) -> Step {
    let mut machine = Machine::start(&bench.shipped, Start::Kernel, &[], &bench.folder)?;
    let console = &mut machine.console;
    console.expect(&["Compare the words, then Enter> "], BOOT)?;
    for (answer, next) in [
        ("", "Number, then Enter> "),
        ("1", "Enter for the first> "),
        ("", "u to have it held unattended> "),
        ("u", "Enter starts it, q goes back to the menu> "),
    ] {
        console.type_line(answer)?;
        console.expect(&[next], SHORT)?;
    }
    let begun = Instant::now();
    console.type_line("")?;
    console.expect(&["keymoot: done."], LONG)?;
    println!("    a rehearsal of 9: {} s", begun.elapsed().as_secs());
    console.expect(&["Enter goes back to the menu> "], SHORT)?;
    for (answer, next, limit) in [
        ("", "Number, then Enter> ", SHORT),
        ("4", "Enter for another stick> ", SHORT),
        ("1", "Enter starts it, q goes back to the menu> ", SHORT),
        ("", "keymoot: done.", LONG),
    ] {
        console.type_line(answer)?;
        console.expect(&[next], limit)?;
    }
    Ok(())
}

/// Every rule on the machine holds when a live ceremony opens with the shipped program.
pub(crate) fn machine_rules(bench: &Bench) -> Step {
    let ceremony = bench.stick("CEREMONY", FileSystem::Vfat)?;
    let bundle = bench.stick("BUNDLE", FileSystem::Ext4)?;
    let mut machine = bench.start(&bench.shipped, Start::Kernel, &[&ceremony, &bundle])?;
    mount(&mut machine)?;
    small_plan(&mut machine)?;
    let console = &mut machine.console;
    console.type_line("exit")?;
    console.expect(&["Number, then Enter> "], SHORT)?;
    console.type_line("2")?;
    for (question, choice) in [
        ("which keeps the ceremony> ", "CEREMONY"),
        ("Number of the script> ", "initial-root"),
        ("Number of the roster> ", "roster.toml"),
        ("Number of the policy> ", "policy.toml"),
        ("Number of the stick for the bundle> ", "BUNDLE"),
        (
            "Number of a root of tuf-crates, Enter for none> ",
            "1.root.json",
        ),
    ] {
        console.choose(question, choice, SHORT)?;
    }
    console.expect(&["Number of another one, Enter for none> "], SHORT)?;
    console.type_line("")?;
    console.expect(&["Enter starts it, q goes back to the menu> "], SHORT)?;
    console.type_line("")?;
    let devices = Devices::new(bench.seed, FEW, &bench.folder)?;
    let mut operator = Operator::new(&devices, FEW);
    operator.hold(&mut machine.console, Some("tamper-evident bag"), LONG)?;
    machine.cut();
    // The room's question comes after the machine's check: that is in the transcript.
    let mut machine = bench.start(&bench.shipped, Start::Kernel, &[&ceremony, &bundle])?;
    mount(&mut machine)?;
    let judged = |outcome: &str| {
        format!(
            "grep machine-checked /media/CEREMONY/ceremony-1/transcript.jsonl | head -n 1 | grep -o '\"outcome\":\"{outcome}\"' | wc -l"
        )
    };
    let held = machine.console.must(&judged("held"), SHORT)?;
    let all = machine.console.must(&judged("[a-z-]*"), SHORT)?;
    println!("    {} of {} rules passed", held.trim(), all.trim());
    require(
        held.trim().parse() == Ok(MACHINE_RULES) && held == all,
        || format!("{} of {} rules passed", held.trim(), all.trim()),
    )
}

/// A whole live ceremony of nine holders, through USB, libccid and pcscd.
pub(crate) fn ceremony(bench: &Bench) -> Step {
    let devices = Devices::new(bench.seed, 9, &bench.folder)?;
    let ceremony = bench.stick("CEREMONY", FileSystem::Vfat)?;
    let bundle = bench.stick("BUNDLE", FileSystem::Ext4)?;
    let mut machine = bench.start(bench.tested()?, Start::Kernel, &[&ceremony, &bundle])?;
    mount(&mut machine)?;
    whole_plan(&mut machine)?;
    let begun = Instant::now();
    let mut operator = Operator::new(&devices, 9);
    machine.console.type_line(RUN)?;
    operator.hold(&mut machine.console, None, CEREMONY)?;
    println!(
        "    a live ceremony of 9: {} events in {:.1} min",
        operator.events,
        begun.elapsed().as_secs_f64() / 60.0
    );
    verify(&mut machine)
}

/// A device that is pulled out while it waits for a touch comes back, and the ceremony ends.
pub(crate) fn pulled_out(bench: &Bench) -> Step {
    let devices = Devices::new(bench.seed, FEW, &bench.folder)?;
    let ceremony = bench.stick("CEREMONY", FileSystem::Exfat)?;
    let bundle = bench.stick("BUNDLE", FileSystem::Ext4)?;
    let mut machine = bench.start(bench.tested()?, Start::Kernel, &[&ceremony, &bundle])?;
    mount(&mut machine)?;
    small_plan(&mut machine)?;
    devices.pull_at_next_touch();
    machine.console.type_line(RUN)?;
    let mut operator = Operator::new(&devices, FEW);
    operator.hold(&mut machine.console, None, CEREMONY)?;
    let said = machine
        .console
        .text()
        .contains("was taken out while it was at work");
    require(said, || {
        "the console does not say that the device was taken out".to_owned()
    })?;
    verify(&mut machine)
}

/// The power is cut while keys are made, while documents are signed, and while the bundle is
/// written; nothing that the console had shown is lost, and the ceremony ends each time.
pub(crate) fn power_cuts(bench: &Bench, of: FileSystem) -> Step {
    let devices = Devices::new(bench.seed, FEW, &bench.folder)?;
    let ceremony = bench.stick("CEREMONY", of)?;
    let bundle = bench.stick("BUNDLE", of)?;
    let sticks: [&Path; 2] = [&ceremony, &bundle];
    let mut operator = Operator::new(&devices, FEW);
    let mut machine = bench.start(bench.tested()?, Start::Kernel, &sticks)?;
    mount(&mut machine)?;
    small_plan(&mut machine)?;
    let mut command = RUN;
    let mut cuts = 0;
    for (moment, shown, after) in CUTS {
        machine.console.type_line(command)?;
        // The bundle may have been whole at the last cut already: then there is no later moment.
        if operator.hold(&mut machine.console, Some(shown), CEREMONY)? == End::Ended {
            let finished = machine.console.fresh().contains("is finished");
            require(cuts >= MOMENTS_BEFORE_THE_END && finished, || {
                format!("the ceremony ended before {moment}")
            })?;
            break;
        }
        std::thread::sleep(after);
        machine.cut();
        cuts += 1;
        devices.only(0);
        machine = bench.start(bench.tested()?, Start::Kernel, &sticks)?;
        mount(&mut machine)?;
        nothing_is_lost(&mut machine, operator.events)
            .map_err(|lost| Failure(format!("{} cut in {moment}: {lost}", of.name())))?;
        println!(
            "    {}: cut in {moment} after event {}, nothing lost",
            of.name(),
            operator.events
        );
        command = RESUME;
    }
    println!(
        "    {cuts} power cuts on {}: 0 lost anything that the console had shown",
        of.name()
    );
    verify(&mut machine)?;
    machine.console.type_line(command)?;
    operator.hold(&mut machine.console, None, CEREMONY)?;
    verify(&mut machine)
}

/// The transcript has every event that the console had shown, and no file is empty.
fn nothing_is_lost(machine: &mut Machine, events: usize) -> Step {
    let folder = "/media/CEREMONY/ceremony";
    let kept = machine.console.must(
        &format!("grep -c '\"seq\"' {folder}/transcript.jsonl"),
        SHORT,
    )?;
    let kept: usize = kept.trim().parse().unwrap_or(0);
    require(kept >= events, || {
        format!("the console showed {events} events, {kept} are kept")
    })?;
    let empty = format!("find {folder} -type f -size 0 ! -name lock ! -name '*.part'");
    let empty = machine.console.must(&empty, SHORT)?;
    require(empty.trim().is_empty(), || {
        format!("files without content: {empty}")
    })
}
