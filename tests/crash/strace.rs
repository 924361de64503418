//! Reading strace(1)'s output: system calls in the order in which they returned.

use std::collections::HashMap;

/// The calls that can change a file or make a change last. A call of this list that the
/// model of the disk does not know ends the test.
pub(crate) const CALLS: &str = "open,openat,creat,lseek,write,writev,pwrite64,pwritev,pwritev2,\
    ftruncate,truncate,fallocate,copy_file_range,sendfile,splice,fsync,fdatasync,fadvise64,\
    sync,syncfs,msync,rename,renameat,renameat2,unlink,unlinkat,rmdir,mkdir,mkdirat,link,linkat,\
    symlink,symlinkat,sendto";

/// The call by which libpcsclite sends commands to devices.
pub(crate) const COMMANDS: &str = "sendto";

/// One system call that did not fail.
#[derive(Debug)]
pub(crate) struct Call {
    /// The thread that made it.
    pub thread: u32,
    pub name: String,
    pub arguments: Vec<Argument>,
    pub result: i64,
    /// The path of the descriptor that it gave, where it gave one.
    pub opened: Option<String>,
}

/// An argument as strace prints it with `-y`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Argument {
    /// A string: a path, or what was written.
    Text(Vec<u8>),
    /// A descriptor and what it leads to.
    Descriptor(i64, String),
    /// A number or flags.
    Word(String),
}

impl Call {
    pub(crate) fn text(&self, place: usize) -> &[u8] {
        match &self.arguments[place] {
            Argument::Text(bytes) => bytes,
            other => panic!("{}: {other:?} is no string", self.name),
        }
    }

    pub(crate) fn path(&self, place: usize) -> String {
        String::from_utf8(self.text(place).to_vec()).unwrap()
    }

    /// The descriptor and its path.
    pub(crate) fn descriptor(&self, place: usize) -> (i64, &str) {
        match &self.arguments[place] {
            Argument::Descriptor(number, path) => (*number, path),
            other => panic!("{}: {other:?} is no descriptor", self.name),
        }
    }

    pub(crate) fn word(&self, place: usize) -> &str {
        match &self.arguments[place] {
            Argument::Word(word) => word,
            other => panic!("{}: {other:?} is no word", self.name),
        }
    }

    pub(crate) fn number(&self, place: usize) -> usize {
        self.word(place).parse().unwrap()
    }
}

/// Every call of a log that did not fail.
pub(crate) fn calls(log: &[u8]) -> Vec<Call> {
    let mut begun: HashMap<u32, Vec<u8>> = HashMap::new();
    let mut calls = Vec::new();
    for line in log.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
        let end = line.iter().position(|&b| b == b' ').unwrap();
        let thread = std::str::from_utf8(&line[..end]).unwrap().parse().unwrap();
        let said = line[end..].trim_ascii_start();
        if said.starts_with(b"+++") || said.starts_with(b"---") {
            continue;
        }
        if let Some(first) = said.strip_suffix(b" <unfinished ...>") {
            begun.insert(thread, first.to_vec());
            continue;
        }
        let whole = match said.strip_prefix(b"<... ") {
            Some(rest) => {
                let resumed = rest.windows(8).position(|w| w == b"resumed>").unwrap();
                let mut whole = begun.remove(&thread).unwrap();
                whole.extend(&rest[resumed + 8..]);
                whole
            }
            None => said.to_vec(),
        };
        calls.extend(call(thread, &whole));
    }
    calls
}

fn call(thread: u32, line: &[u8]) -> Option<Call> {
    let open = line.iter().position(|&b| b == b'(').unwrap();
    let name = String::from_utf8(line[..open].to_vec()).unwrap();
    let (arguments, rest) = arguments(&line[open + 1..]);
    let rest = std::str::from_utf8(rest).unwrap();
    let (_, result) = rest.split_once("= ")?;
    let number = result.split(['<', ' ']).next().unwrap();
    let result_number: i64 = number.parse().ok().filter(|n| *n >= 0)?;
    let opened = result
        .split_once('<')
        .map(|(_, path)| path.trim_end().trim_end_matches('>').to_owned());
    Some(Call {
        thread,
        name,
        arguments,
        result: result_number,
        opened,
    })
}

/// The arguments up to the closing parenthesis, and what follows it.
fn arguments(mut text: &[u8]) -> (Vec<Argument>, &[u8]) {
    let mut arguments = Vec::new();
    let mut word = Vec::new();
    let mut depth = 0;
    loop {
        let (&next, rest) = text.split_first().expect("a call has an end");
        match next {
            b'"' if word.is_empty() => {
                let (string, after) = string(rest);
                assert!(!after.starts_with(b"..."), "strace cut a string short");
                arguments.push(Argument::Text(string));
                text = after;
                continue;
            }
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth -= 1,
            b',' | b')' if depth == 0 => {
                let said = String::from_utf8(std::mem::take(&mut word)).unwrap();
                arguments.extend(argument(said.trim()));
                if next == b')' {
                    return (arguments, rest);
                }
                text = rest;
                continue;
            }
            b' ' if word.is_empty() => {
                text = rest;
                continue;
            }
            _ => {}
        }
        word.push(next);
        text = rest;
    }
}

fn argument(said: &str) -> Option<Argument> {
    if said.is_empty() {
        return None;
    }
    if let Some((number, path)) = said.split_once('<')
        && let Some(path) = path.strip_suffix('>')
    {
        let number = number.parse().unwrap_or(-100);
        return Some(Argument::Descriptor(number, path.to_owned()));
    }
    Some(Argument::Word(said.to_owned()))
}

/// A string in C's notation up to its closing quote, and what follows that.
fn string(mut text: &[u8]) -> (Vec<u8>, &[u8]) {
    let mut string = Vec::new();
    loop {
        let (&next, rest) = text.split_first().expect("a string has an end");
        text = rest;
        match next {
            b'"' => return (string, text),
            b'\\' => {
                let digits = text
                    .iter()
                    .take(3)
                    .take_while(|b| (b'0'..=b'7').contains(b));
                let digits = digits.count();
                let taken = digits.max(1);
                let escaped = &text[..taken];
                string.push(match escaped {
                    _ if digits > 0 => escaped
                        .iter()
                        .fold(0_u8, |value, digit| (value << 3) | (digit - b'0')),
                    b"n" => b'\n',
                    b"t" => b'\t',
                    b"r" => b'\r',
                    b"v" => 0x0b,
                    b"f" => 0x0c,
                    other => other[0],
                });
                text = &text[taken..];
            }
            other => string.push(other),
        }
    }
}

#[test]
fn a_log_is_read_call_by_call() {
    let log = br#"7 openat(AT_FDCWD</a>, "/a/b\n\0011", O_RDWR|O_CREAT, 0600) = 3</a/b>
7 write(3</a/b>, "x, \"y\")\377", 9 <unfinished ...>
8 fsync(4</a>) = 0
7 <... write resumed>)              = 9
8 unlink("/a/c")  = -1 ENOENT (No such file or directory)
7 renameat2(AT_FDCWD</a>, "b", AT_FDCWD</a>, "c", RENAME_NOREPLACE) = 0
7 +++ exited with 0 +++
"#;
    let calls = calls(log);
    let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["openat", "fsync", "write", "renameat2"]);
    assert_eq!(calls[0].text(1), b"/a/b\n\x011");
    assert_eq!(calls[0].opened.as_deref(), Some("/a/b"));
    assert_eq!(calls[2].text(1), b"x, \"y\")\xff");
    assert_eq!(calls[2].descriptor(0), (3, "/a/b"));
    assert_eq!((calls[2].thread, calls[2].result), (7, 9));
    assert_eq!(calls[3].path(3), "c");
}
