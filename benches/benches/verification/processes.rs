//! Whole processes on a thousand roots: CPU time and peak memory, in a table of their own.

use std::{
    ffi::OsString,
    fs,
    io::{self, Write},
    path::Path,
    process::{Command, Output},
};

use keymoot_benches::Chain;

use crate::{beside::Check, chain};

const VERSIONS: u32 = 1000;
/// A history ten times as long, for keymoot alone: its memory may not grow with the history.
const LONG: u32 = 10 * VERSIONS;
const ROUNDS: &str = "5";

/// Measures them and prints the table.
pub(crate) fn print() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let chain = Chain::of(VERSIONS);
    written(&chain, &path("python"), ".json");
    let verifies = |files: Vec<OsString>| {
        ["tuf", "verify"]
            .map(OsString::from)
            .into_iter()
            .chain(files)
    };
    let ours = verifies(written(&chain, &path("roots"), ".root.json")).collect();
    let checks = chain::checks(&chain);
    write(&checks, fs::File::create(path("checks")).unwrap()).unwrap();
    let target = crate::target();
    let times = crate::workspace().join("benches/python/times.py");
    let roots = || path("roots").into_os_string();
    let others = [
        ("keymoot", target.join("release/keymoot"), ours),
        (
            "sigstore-tuf",
            target.join("sigstore/release/keymoot-bench-sigstore"),
            vec![roots()],
        ),
        (
            "python-tuf",
            crate::python::program(),
            vec![
                times.into_os_string(),
                "chain".into(),
                "1".into(),
                path("python").into_os_string(),
            ],
        ),
        (
            "tough",
            target.join("release/examples/beside"),
            vec!["tough".into(), roots()],
        ),
        (
            "openssl",
            target.join("release/examples/beside"),
            vec!["openssl".into(), path("checks").into_os_string()],
        ),
    ];
    println!("\n| process, {VERSIONS} roots | CPU | keymoot's is | peak memory |");
    println!("| --- | ---: | ---: | ---: |");
    let mut our_cpu = None;
    for (who, program, arguments) in others {
        let (cpu, memory) = measured(&program, arguments);
        let ours = *our_cpu.get_or_insert(cpu);
        println!(
            "| {who} | {:.2} s | {:.2} of it | {:.1} MB |",
            cpu / 1e9,
            ours / cpu,
            memory / 1e6
        );
    }
    let long = written(&Chain::of(LONG), &path("long"), ".root.json");
    let program = target.join("release/keymoot");
    let (cpu, memory) = measured(&program, verifies(long).collect());
    println!(
        "| keymoot, {LONG} roots | {:.2} s | | {:.1} MB |",
        cpu / 1e9,
        memory / 1e6
    );
}

/// Writes the roots into a new folder, and returns their paths in the order of their versions.
fn written(chain: &Chain, folder: &Path, ending: &str) -> Vec<OsString> {
    fs::create_dir(folder).unwrap();
    let files = chain.files.iter().zip(1..);
    let paths = files.map(|(file, version)| {
        let path = folder.join(format!("{version}{ending}"));
        fs::write(&path, file).unwrap();
        path.into_os_string()
    });
    paths.collect()
}

/// CPU time in nanoseconds and peak memory in bytes.
fn measured(program: &Path, arguments: Vec<OsString>) -> (f64, f64) {
    let measure = crate::workspace().join("benches/python/processes.py");
    let mut command = Command::new(crate::python::program());
    command.args(["-I", "-S"]).arg(measure).arg(ROUNDS);
    let output = command.arg(program).args(arguments).output();
    let output: Output = output.unwrap();
    let (text, why) = (&output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}: {why}", program.display());
    let text = String::from_utf8_lossy(text);
    let mut numbers = text
        .split_whitespace()
        .map(|number| number.parse().unwrap());
    (numbers.next().unwrap(), numbers.next().unwrap())
}

/// Writes checks: key, digest and signature, each after its length.
fn write(checks: &[Check], mut file: impl Write) -> io::Result<()> {
    for (key, digest, signature) in checks {
        let (key, signature) = (key.public_key_to_der()?, signature.to_der()?);
        for part in [&key[..], digest, &signature] {
            file.write_all(&u32::try_from(part.len()).unwrap().to_le_bytes())?;
            file.write_all(part)?;
        }
    }
    Ok(())
}
