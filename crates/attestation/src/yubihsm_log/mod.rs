//! The audit log of a YubiHSM 2, compared with the commands sent to the device.
//!
//! Yubico, "Logs" (<https://developers.yubico.com/YubiHSM2/Concepts/Logs.html>).
//! A log is a chain: each entry's digest covers the entry and the digest before
//! it. It begins, after a factory reset, with an entry whose digest is a random
//! seed. A device whose auditing is forced refuses commands rather than lose
//! entries. So the entries between reset and reading are all commands that
//! anybody sent. [`AuditLog::check`] demands that keymoot
//! sent them, and nobody else.
//!
//! The log is not signed. It is as trustworthy as its reading: an
//! authenticated session with the device, by a program whose transcript keeps
//! the bytes.

mod entry;
mod sent;

use keymoot_core::{Rule, Violation};

pub use entry::{ENTRY_LENGTH, GET_LOG_ENTRIES, LogEntry, NO_KEY};
pub use sent::{Outcome, Sent};

/// A device's log from its reset on, proven whole and accounted for. Only
/// [`AuditLog::check`] makes one.
#[derive(Debug, Clone)]
pub struct AuditLog {
    entries: Vec<LogEntry>,
    restarts: usize,
}

impl AuditLog {
    /// Compares a device's log with the commands sent to it.
    ///
    /// `records` are the answers to GET LOG ENTRIES since the reset, in order, as
    /// the device gave them: two counters of unlogged starts and sessions, the number of
    /// entries, the entries. Later ones may repeat the end of earlier ones. `sent`
    /// are the commands since the reset; those after the last reading are
    /// not compared.
    ///
    /// # Errors
    /// DEVICE-AUDIT: every place where the chain is broken, or else the first
    /// where log and commands differ.
    pub fn check<R: AsRef<[u8]>>(records: &[R], sent: &[Sent]) -> Result<Self, Vec<Violation>> {
        let Joined {
            entries,
            unlogged: [unlogged_starts, unlogged_sessions],
        } = Joined::of(records)?;
        let broken = links(&entries);
        if !broken.is_empty() {
            return Err(broken);
        }
        let read = sent
            .iter()
            .rposition(|sent| sent.command == GET_LOG_ENTRIES)
            .map_or(sent.len(), |last| last);
        let sent = sent.get(..read).unwrap_or_default();
        // The first two entries are the reset's.
        let told = entries.get(2..).unwrap_or_default();
        sent::account(told, sent, unlogged_sessions).map_err(|what| vec![violation(what)])?;
        let starts = entries.iter().filter(|entry| entry.is_start()).count();
        Ok(Self {
            entries,
            restarts: starts.saturating_sub(1) + unlogged_starts,
        })
    }

    /// Every entry since the reset.
    #[must_use]
    pub fn entries(&self) -> &[LogEntry] {
        &self.entries
    }

    /// How often the device lost power and got it back since its reset.
    #[must_use]
    pub fn restarts(&self) -> usize {
        self.restarts
    }

    /// The number of the last entry; the device may clear its log up to it once
    /// the record is kept.
    #[must_use]
    pub fn last(&self) -> u16 {
        self.entries.last().map_or(0, LogEntry::number)
    }
}

fn violation(what: impl Into<String>) -> Violation {
    Violation::new(
        Rule::DeviceAudit,
        what,
        "do not use this device: something else sent it commands since its reset; keep it for an investigation, and set up another",
    )
}

/// What all records show together.
#[derive(Default)]
struct Joined {
    /// Every entry once.
    entries: Vec<LogEntry>,
    /// Starts and sessions that found no room.
    unlogged: [usize; 2],
}

impl Joined {
    fn of<R: AsRef<[u8]>>(records: &[R]) -> Result<Self, Vec<Violation>> {
        let mut joined = Self::default();
        // A device counts from one clearing to the next: an overlap with the reading
        // before has the same count again, or a higher one.
        let mut counted = [0; 2];
        for (n, record) in records.iter().enumerate() {
            let Some((unlogged, entries)) = parsed(record.as_ref()) else {
                return Err(vec![violation(format!(
                    "reading {} of the log is not one that a device gives",
                    n + 1
                ))]);
            };
            let overlaps = entries
                .first()
                .is_some_and(|first| joined.entries.contains(first));
            if !overlaps {
                counted = [0; 2];
            }
            for ((total, counted), now) in
                joined.unlogged.iter_mut().zip(&mut counted).zip(unlogged)
            {
                *total += usize::from(now).saturating_sub(*counted);
                *counted = usize::from(now);
            }
            for entry in entries {
                if !joined.entries.contains(&entry) {
                    joined.entries.push(entry);
                }
            }
        }
        Ok(joined)
    }
}

/// An answer to GET LOG ENTRIES: starts and sessions that were not logged, and
/// the entries.
fn parsed(record: &[u8]) -> Option<([u16; 2], Vec<LogEntry>)> {
    let &[b1, b2, a1, a2, count, ref rest @ ..] = record else {
        return None;
    };
    let (entries, []) = rest.as_chunks::<ENTRY_LENGTH>() else {
        return None;
    };
    let unlogged = [u16::from_be_bytes([b1, b2]), u16::from_be_bytes([a1, a2])];
    (entries.len() == usize::from(count))
        .then(|| (unlogged, entries.iter().copied().map(LogEntry).collect()))
}

/// Every place where the chain of entries is broken.
fn links(entries: &[LogEntry]) -> Vec<Violation> {
    let mut broken = Vec::new();
    match entries {
        [first, second, ..] if first.is_beginning() && second.is_start() => {}
        [] | [_] => broken.push(violation(
            "the log is empty, and a reset leaves two entries",
        )),
        [first, ..] => broken.push(violation(format!(
            "the log does not begin with a reset, but with {first}"
        ))),
    }
    for pair in entries.windows(2) {
        let [before, entry] = pair else { continue };
        let next = before.number().checked_add(1);
        if next != Some(entry.number()) {
            broken.push(violation(format!(
                "after entry {} of the log comes entry {}: the entries between are missing",
                before.number(),
                entry.number()
            )));
        } else if !entry.follows(before) {
            broken.push(violation(format!(
                "entry {} of the log does not follow from entry {}: one of the two was altered ({entry})",
                entry.number(),
                before.number()
            )));
        }
    }
    broken
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::{AuditLog, NO_KEY, Outcome, Sent};
    use keymoot_core::Rule;
    use sha2::{Digest as _, Sha256};

    /// An entry of a test's log: command, session key, target, result.
    type Told = (u8, u16, u16, u8);

    const PUT: Told = (0x44, 1, 2, 0xc4);
    const GENERATE: Told = (0x46, 2, 1, 0xc6);
    const SIGN: Told = (0x56, 3, 1, 0xd6);
    const DENIED: Told = (0x46, 3, 9, 0x09);

    fn entry(number: u16, (command, session, target, result): Told, before: &[u8]) -> Vec<u8> {
        let mut covered = number.to_be_bytes().to_vec();
        covered.push(command);
        for half in [7, session, target, NO_KEY] {
            covered.extend(half.to_be_bytes());
        }
        covered.push(result);
        covered.extend([0, 0, 1, 0]);
        let digest = Sha256::digest([&covered[..], &before[16..]].concat());
        covered.extend(&digest[..16]);
        covered
    }

    fn entries(told: &[Told]) -> Vec<Vec<u8>> {
        let first = [&[0, 1][..], &[0xff; 14], &[0x5a; 16]].concat();
        let mut entries = vec![first];
        for (n, told) in std::iter::once(&(0, NO_KEY, 0, 0)).chain(told).enumerate() {
            let next = entry(n as u16 + 2, *told, entries.last().unwrap());
            entries.push(next);
        }
        entries
    }

    fn record(entries: &[Vec<u8>]) -> Vec<u8> {
        let mut record = vec![0, 0, 0, 0, entries.len() as u8];
        record.extend(entries.concat());
        record
    }

    fn sent(told: &[Told]) -> Vec<Sent> {
        told.iter()
            .map(|&(command, session, target, result)| Sent {
                command,
                session_key: Some(session),
                target: Some(target),
                outcome: match result == command | 0x80 {
                    true => Outcome::Done,
                    false => Outcome::Refused(result),
                },
                logged: true,
            })
            .collect()
    }

    fn refusal(records: &[Vec<u8>], sent: &[Sent]) -> String {
        let violations = AuditLog::check(records, sent).unwrap_err();
        assert!(violations.iter().all(|v| v.rule == Rule::DeviceAudit));
        violations[0].what.clone()
    }

    const ALL: [Told; 4] = [PUT, GENERATE, DENIED, SIGN];

    #[test]
    fn a_log_that_shows_every_command_is_whole() {
        let log = AuditLog::check(&[record(&entries(&ALL))], &sent(&ALL)).unwrap();
        assert_eq!(log.entries().len(), 6);
        assert_eq!(log.last(), 6);
        assert_eq!(log.restarts(), 0);
        assert_eq!(
            log.entries()[5].to_string(),
            "entry 6: SIGN ECDSA of 0x0001, done, by key 0x0003"
        );
    }

    #[test]
    fn any_flipped_bit_in_any_entry_is_found() {
        let whole = record(&entries(&ALL));
        for bit in 4 * 8..whole.len() * 8 {
            let mut altered = whole.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert!(
                AuditLog::check(&[altered], &sent(&ALL)).is_err(),
                "bit {bit}"
            );
        }
    }

    #[test]
    fn a_missing_entry_is_detected_and_named_at_every_place() {
        let whole = entries(&ALL);
        for n in 0..whole.len() {
            let mut without = whole.clone();
            without.remove(n);
            let what = refusal(&[record(&without)], &sent(&ALL));
            if n > 1 && n < whole.len() - 1 {
                assert!(what.contains(&format!("after entry {n} ")), "{what}");
            }
        }
    }

    #[test]
    fn an_entry_taken_out_of_the_chain_itself_is_missed() {
        let told = [PUT, DENIED, SIGN];
        let what = refusal(&[record(&entries(&told))], &sent(&ALL));
        assert!(what.contains("GENERATE ASYMMETRIC KEY of 0x0001"), "{what}");
        let what = refusal(&[record(&entries(&ALL[..3]))], &sent(&ALL));
        assert!(what.contains("SIGN ECDSA"), "{what}");
    }

    #[test]
    fn an_entry_that_nobody_sent_is_named() {
        let told = [PUT, GENERATE, SIGN, DENIED, SIGN];
        let what = refusal(&[record(&entries(&told))], &sent(&ALL));
        assert!(what.contains("entry 5: SIGN ECDSA"), "{what}");
        let what = refusal(&[record(&entries(&ALL))], &sent(&ALL[..3]));
        assert!(what.contains("did not send: entry 6"), "{what}");
    }

    #[test]
    fn another_object_session_or_result_is_another_command() {
        for other in [(0x56, 3, 2, 0xd6), (0x56, 2, 1, 0xd6), (0x56, 3, 1, 0x09)] {
            let told = [PUT, GENERATE, DENIED, other];
            let what = refusal(&[record(&entries(&told))], &sent(&ALL));
            assert!(what.contains("did not send: entry 6"), "{what}");
        }
    }

    #[test]
    fn a_command_without_an_answer_may_be_there_or_not() {
        let mut commands = sent(&ALL);
        commands[1].outcome = Outcome::Unknown;
        for told in [&ALL[..], &[PUT, DENIED, SIGN]] {
            AuditLog::check(&[record(&entries(told))], &commands).unwrap();
        }
        // Sent again: once or twice in the log, and both are accounted for.
        commands.insert(2, sent(&[GENERATE])[0]);
        for told in [&ALL[..], &[PUT, GENERATE, GENERATE, DENIED, SIGN]] {
            AuditLog::check(&[record(&entries(told))], &commands).unwrap();
        }
        let thrice = [PUT, GENERATE, GENERATE, GENERATE, DENIED, SIGN];
        refusal(&[record(&entries(&thrice))], &commands);
    }

    #[test]
    fn a_command_before_its_kind_was_logged_may_be_there_or_not() {
        let mut commands = sent(&ALL);
        commands[0].logged = false;
        for told in [&ALL[..], &ALL[1..]] {
            AuditLog::check(&[record(&entries(told))], &commands).unwrap();
        }
    }

    #[test]
    fn a_device_that_was_pulled_out_reports_it() {
        let told = [PUT, (0, NO_KEY, 0, 0), GENERATE, DENIED, SIGN];
        let log = AuditLog::check(&[record(&entries(&told))], &sent(&ALL)).unwrap();
        assert_eq!(log.restarts(), 1);
    }

    #[test]
    fn readings_are_joined_and_may_overlap() {
        let whole = entries(&ALL);
        let readings = [
            record(&whole[..3]),
            record(&whole[2..5]),
            record(&whole[5..]),
        ];
        AuditLog::check(&readings, &sent(&ALL)).unwrap();
        let what = refusal(&[readings[0].clone(), readings[2].clone()], &sent(&ALL));
        assert!(what.contains("after entry 3 "), "{what}");
    }

    #[test]
    fn what_was_sent_after_the_last_reading_is_not_asked_for() {
        let mut commands = sent(&ALL);
        commands.push(Sent {
            command: super::GET_LOG_ENTRIES,
            session_key: Some(4),
            target: None,
            outcome: Outcome::Done,
            logged: false,
        });
        commands.extend(sent(&[SIGN]));
        AuditLog::check(&[record(&entries(&ALL))], &commands).unwrap();
    }

    fn session(outcome: Outcome) -> [Sent; 2] {
        [0x03, 0x04].map(|command| Sent {
            command,
            session_key: None,
            target: Some(4),
            outcome,
            logged: true,
        })
    }

    #[test]
    fn a_session_that_found_no_room_is_one_that_was_opened() {
        let mut commands = sent(&ALL);
        commands.push(Sent {
            outcome: Outcome::Refused(0x0a),
            ..sent(&[SIGN])[0]
        });
        commands.extend(session(Outcome::Done));
        let mut full = record(&entries(&ALL));
        for sessions in [0, 2] {
            full[3] = sessions;
            refusal(&[full.clone()], &commands);
        }
        full[3] = 1;
        AuditLog::check(&[full.clone()], &commands).unwrap();
        // Read again before it was cleared, and again by another session.
        commands.extend(session(Outcome::Done));
        let mut again = full.clone();
        again[3] = 2;
        AuditLog::check(&[full.clone(), again], &commands).unwrap();
        let what = refusal(&[full], &sent(&ALL));
        assert!(what.contains("1 sessions that it could not log"), "{what}");
    }

    #[test]
    fn a_start_that_found_no_room_is_a_restart() {
        let mut full = record(&entries(&ALL));
        full[1] = 3;
        let log = AuditLog::check(&[full], &sent(&ALL)).unwrap();
        assert_eq!(log.restarts(), 3);
    }

    #[test]
    fn a_log_that_does_not_begin_with_a_reset_is_refused() {
        let whole = entries(&ALL);
        let what = refusal(&[record(&whole[1..])], &sent(&ALL));
        assert!(what.contains("does not begin with a reset"), "{what}");
        let none: [Vec<u8>; 0] = [];
        assert!(refusal(&none, &sent(&ALL)).contains("empty"));
    }

    #[test]
    fn bytes_that_are_no_reading_are_refused() {
        let whole = record(&entries(&ALL));
        for cut in [0, 4, 5, 6, whole.len() - 1] {
            refusal(&[whole[..cut].to_vec()], &sent(&ALL));
        }
    }
}
