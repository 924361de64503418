//! A file as a series of QR codes: an answer, or what is sealed to a holder. Each code is a *frame*: one part of a multi-part UR.
//!
//! [BCR-2020-005](https://github.com/BlockchainCommons/Research/blob/master/papers/bcr-2020-005-ur.md)
//! is the format of air-gapped wallets, so tools for it can carry frames. The UR's type is `bytes`,
//! and its content the compressed file. keymoot shows the first N parts of N, each of which is a
//! piece of the content, and none of the mixed parts that the format allows after them. So every
//! frame that is missing has a number.

mod parts;
mod picture;

pub(crate) use self::{
    parts::{Frames, parts},
    picture::{LARGEST, is_picture, texts},
};

#[cfg(test)]
pub(crate) use self::picture::tests::drawn;
