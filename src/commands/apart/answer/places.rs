//! Where a holder's turn is kept, and where its answer goes: checked before the device is used.

use std::path::PathBuf;

use super::args::Args;
use crate::{commands::arguments, host::whole, store::turn};
use keymoot_core::{
    HostError,
    digest::Digest,
    text::{escape_path, quoted_path},
};
use keymoot_record::{
    apart::{
        Answer,
        answer::{LARGEST, Says},
        armour,
    },
    rules::roster::Handle,
};
use keymoot_verify::files::read_bounded;

/// The places of one turn, absolute.
pub(super) struct Places {
    /// The file of the answer.
    pub(super) out: PathBuf,
    /// The answer as text for a mail, beside that file.
    pub(super) text: PathBuf,
    /// The folder of the turn.
    pub(super) dir: PathBuf,
}

impl Places {
    /// The places that the command line names.
    ///
    /// # Errors
    /// [`HostError`] when a path has no absolute form.
    pub(super) fn of(args: &Args) -> Result<Self, HostError> {
        let out = arguments::absolute(&args.out)?;
        let dir = match &args.dir {
            Some(dir) => arguments::absolute(dir)?,
            None => turn::beside(&out),
        };
        let mut name = out.file_name().unwrap_or_default().to_owned();
        name.push(".txt");
        Ok(Self {
            text: out.with_file_name(name),
            out,
            dir,
        })
    }

    /// Checks that this is the holder's only turn for the request, and that nothing is in the way
    /// of the answer. An answer that this turn wrote is in nobody's way.
    ///
    /// # Errors
    /// [`HostError`] that says where to continue, or which file is in the way.
    pub(super) fn check(&self, request: &[u8], holder: &Handle) -> Result<(), HostError> {
        let laid_out = turn::is_laid_out(&self.dir);
        if laid_out && !turn::is_for(&self.dir, request) {
            // Where the turn is opened, it is refused as that of another request.
            return Ok(());
        }
        if !laid_out {
            self.is_the_only_turn(request, holder)?;
        }
        self.is_no_refusal(&Digest::of(request), holder, laid_out)?;
        let (answer, next) = match laid_out {
            true => (turn::signed_answer(&self.dir)?, turn::elsewhere(&self.dir)),
            false => (
                None,
                "move it away, or name another file with -o; nothing is signed yet".to_owned(),
            ),
        };
        let text = answer.as_deref().map(armour::text);
        whole::is_there(&self.out, answer.as_deref(), &next)?;
        whole::is_there(&self.text, text.as_ref().map(String::as_bytes), &next)?;
        Ok(())
    }

    fn is_the_only_turn(&self, request: &[u8], holder: &Handle) -> Result<(), HostError> {
        match turn::begun_beside(&self.out, request, holder)? {
            None => Ok(()),
            Some(begun) => Err(HostError::new(
                format!(
                    "{holder} has begun to answer this request in {}; a new turn would sign a second answer",
                    escape_path(&begun)
                ),
                format!(
                    "continue there: the same command with --dir {}",
                    quoted_path(&begun)
                ),
            )),
        }
    }

    /// The holder may decline first and answer later: both files are sent, each under its own name.
    fn is_no_refusal(
        &self,
        request: &Digest,
        holder: &Handle,
        laid_out: bool,
    ) -> Result<(), HostError> {
        let there = read_bounded(&self.out, LARGEST as u64).ok();
        let there = there.and_then(|bytes| Answer::read(&bytes).ok());
        let is_refusal = there.is_some_and(|there| {
            matches!(there.says, Says::Declines { .. })
                && there.holder == *holder
                && there.request == *request
        });
        if !is_refusal {
            return Ok(());
        }
        let dir = match laid_out {
            true => format!(" --dir {}", quoted_path(&self.dir)),
            false => String::new(),
        };
        Err(HostError::new(
            format!(
                "{} is the refusal of {holder} to this request",
                escape_path(&self.out)
            ),
            format!(
                "to answer after all, run the same command with -o OTHER{dir}; if the refusal was sent, call the administrator"
            ),
        ))
    }
}
