//! Reads the objects of packs, each of them once.
//!
//! Most objects are stored as differences to others. `gix` puts an object together from all
//! differences on the way to it, and keeps none of the objects that it comes by; where a whole
//! history is read, these are wanted too, before or after. A [`PackReader`] keeps them.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::mem;
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use gix::hash::oid;
use gix::objs::Kind;
use gix::odb::pack::Bundle;
use gix::odb::pack::data::entry::Header;
use gix::odb::pack::data::{Entry, File};
use gix::odb::pack::index::File as Index;
use gix::zlib::Inflate;
use rustc_hash::FxHashMap;

/// How many bytes of objects are kept at once.
const KEPT: usize = 32 << 20;

/// The largest object that is read here.
const LARGEST: u64 = 16 << 20;

/// How many differences may lie between an object and one that is stored whole; git makes 50 unless
/// told otherwise, and 4,095 at most.
const MOST_DELTAS: usize = 4096;

/// The packs of a repository.
pub(super) struct Packs(Vec<Bundle>);

/// Where an object is stored: the number of its pack, and its offset there.
pub(super) type Place = (usize, u64);

/// An object that was put together.
#[derive(Clone)]
struct Object {
    kind: Kind,
    data: Rc<Vec<u8>>,
}

impl Packs {
    /// The packs that can be read; none where objects are replaced by others.
    pub(super) fn of(repository: &gix::Repository) -> Self {
        let store = repository.objects.store_ref();
        if store.replacements().next().is_some() {
            return Self(Vec::new());
        }
        let hash = repository.object_hash();
        let alternates = store.alternate_db_paths().unwrap_or_default();
        let directories = alternates.iter().map(AsRef::as_ref).chain([store.path()]);
        let indices = directories.flat_map(|directory: &Path| {
            let entries = fs::read_dir(directory.join("pack")).into_iter().flatten();
            let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
            paths.filter(|path| path.extension().is_some_and(|it| it == "idx"))
        });
        Self(
            indices
                .filter_map(|path| Bundle::at(path, hash).ok())
                .collect(),
        )
    }

    /// Where an object is stored, if a pack has it; `first` is the pack to look at first: the next
    /// object mostly is where the last one was.
    pub(super) fn place(&self, id: ObjectId, first: usize) -> Option<Place> {
        let mut numbers = (first..self.0.len()).chain(0..first);
        numbers.find_map(|pack| {
            let index = &self.0.get(pack)?.index;
            let number = position(index, &id)?;
            Some((pack, index.pack_offset_at_index(number)))
        })
    }
}

/// The number of an object in an index, whose ids are sorted and evenly distributed: a few guesses
/// touch less memory than halving does.
fn position(index: &Index, id: &oid) -> Option<u32> {
    let key = |id: &oid| {
        let first = id.as_bytes().first_chunk().copied();
        u64::from_be_bytes(first.unwrap_or_default())
    };
    let wanted = key(id);
    let mut numbers = 0..index.num_objects();
    let mut keys = (0, u64::MAX);
    // Ids that are not evenly distributed were made to be so.
    for _ in 0..8 {
        let last = numbers.len().checked_sub(1)?;
        let part = (wanted - keys.0) as f64 / (keys.1 - keys.0).max(1) as f64;
        let guess = numbers.start + ((part * last as f64) as u32).min(last as u32);
        let found = index.oid_at_index(guess);
        match id.cmp(found) {
            Ordering::Equal => return Some(guess),
            Ordering::Less => (numbers.end, keys.1) = (guess, key(found)),
            Ordering::Greater => (numbers.start, keys.0) = (guess + 1, key(found)),
        }
    }
    index.lookup(id)
}

/// Reads objects one after the other.
pub(super) struct PackReader<'p> {
    packs: &'p Packs,
    /// Reads what no pack has, and says what is wrong with one.
    repository: gix::Repository,
    kept: Kept,
    /// The pack of the last object.
    last: usize,
    inflate: Inflate,
    /// Where differences are inflated.
    delta: Vec<u8>,
}

impl<'p> PackReader<'p> {
    pub(super) fn new(packs: &'p Packs, repository: gix::Repository) -> Self {
        Self {
            packs,
            repository,
            kept: Kept::default(),
            last: 0,
            inflate: Inflate::default(),
            delta: Vec::new(),
        }
    }

    /// The data of an object of a kind.
    ///
    /// # Errors
    ///
    /// If it is not there, broken, or of another kind.
    pub(super) fn data(&mut self, id: ObjectId, kind: Kind) -> Result<Rc<Vec<u8>>, gix::Error> {
        let place = self.packs.place(id, self.last);
        self.last = place.map_or(self.last, |(pack, _)| pack);
        let packed = place.and_then(|place| self.packed(place));
        if let Some(object) = packed.filter(|object| object.kind == kind) {
            return Ok(object.data);
        }
        let found = self.repository.find_object(id)?.detach();
        if found.kind != kind {
            let message = format!("it is a {}, not a {kind}", found.kind);
            return Err(gix::Error::from_error(io::Error::other(message)));
        }
        Ok(Rc::new(found.data))
    }

    /// The object at a place, unless it is large or broken.
    fn packed(&mut self, (pack, offset): Place) -> Option<Object> {
        let Bundle { pack: file, index } = self.packs.0.get(pack)?;
        let mut deltas = Vec::new();
        let mut offset = offset;
        let mut object = loop {
            if let Some(object) = self.kept.get((pack, offset)) {
                break object;
            }
            let entry = file.entry(offset).ok()?;
            let base = match entry.header {
                Header::OfsDelta { base_distance } => {
                    entry.checked_base_pack_offset(base_distance)?
                }
                Header::RefDelta { base_id } => index.pack_offset_at_index(index.lookup(base_id)?),
                header => {
                    let object = Object {
                        kind: header.as_kind()?,
                        data: Rc::new(self.whole(file, &entry)?),
                    };
                    // Few commits are stored as differences.
                    if object.kind != Kind::Commit {
                        self.kept.put((pack, offset), object.clone());
                    }
                    break object;
                }
            };
            if deltas.len() == MOST_DELTAS {
                return None;
            }
            deltas.push((offset, entry));
            offset = base;
        };
        while let Some((offset, entry)) = deltas.pop() {
            let size = size_of(&entry)?;
            if self.delta.len() < size {
                self.delta.resize(size, 0);
            }
            let delta = self.delta.get_mut(..size)?;
            file.decompress_entry(&entry, &mut self.inflate, delta)
                .ok()?;
            object.data = Rc::new(changed(&object.data, delta)?);
            self.kept.put((pack, offset), object.clone());
        }
        Some(object)
    }

    /// An object that is stored whole.
    fn whole(&mut self, file: &File, entry: &Entry) -> Option<Vec<u8>> {
        let mut data = vec![0; size_of(entry)?];
        file.decompress_entry(entry, &mut self.inflate, &mut data)
            .ok()?;
        Some(data)
    }
}

/// The size of what is stored, unless it is large.
fn size_of(entry: &Entry) -> Option<usize> {
    let size = entry.decompressed_size;
    usize::try_from(size).ok().filter(|_| size <= LARGEST)
}

/// The objects that were put together last; half of them are forgotten at once.
#[derive(Default)]
struct Kept {
    new: FxHashMap<Place, Object>,
    old: FxHashMap<Place, Object>,
    /// How many bytes the new ones have.
    size: usize,
}

impl Kept {
    fn get(&mut self, place: Place) -> Option<Object> {
        if let Some(object) = self.new.get(&place) {
            return Some(object.clone());
        }
        let object = self.old.remove(&place)?;
        self.put(place, object.clone());
        Some(object)
    }

    fn put(&mut self, place: Place, object: Object) {
        self.size += object.data.len();
        if self.size > KEPT / 2 {
            self.size = object.data.len();
            self.old = mem::take(&mut self.new);
        }
        self.new.insert(place, object);
    }
}

/// What a difference makes of an object, if it is one to that object.
///
/// It is the sizes of both, and commands: copy a part of the old object, or insert the bytes that
/// follow (`gitformat-pack`).
fn changed(base: &[u8], mut delta: &[u8]) -> Option<Vec<u8>> {
    if size(&mut delta)? != base.len() as u64 {
        return None;
    }
    let size = size(&mut delta).filter(|size| *size <= LARGEST)?;
    let size = usize::try_from(size).ok()?;
    let mut out = Vec::with_capacity(size);
    while let Some(command) = delta.split_off_first() {
        let part = if command & 0x80 == 0 {
            // Zero is reserved.
            let length = usize::from(*command);
            delta.split_off(..length).filter(|_| length > 0)?
        } else {
            // Each bit says whether a byte follows, of the offset or of the length; other bytes are zero.
            let mut number = [0; 8];
            for (bit, byte) in number.iter_mut().take(7).enumerate() {
                if command & 1 << bit != 0 {
                    *byte = *delta.split_off_first()?;
                }
            }
            let [a, b, c, d, length @ ..] = number;
            let start = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
            let length = match usize::try_from(u32::from_le_bytes(length)).ok()? {
                0 => 0x10000,
                length => length,
            };
            base.get(start..)?.get(..length)?
        };
        if out.len() + part.len() > size {
            return None;
        }
        out.extend_from_slice(part);
    }
    (out.len() == size).then_some(out)
}

/// Takes a size from the start of a difference: seven bits a byte, the lowest first.
fn size(delta: &mut &[u8]) -> Option<u64> {
    let mut size = 0;
    for shift in (0..63).step_by(7) {
        let byte = *delta.split_off_first()?;
        size |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(size);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_copies_and_inserts() {
        let base = b"one two three";
        // Copies four bytes from 4, inserts `2 `, copies five bytes from 8.
        let delta = [&[13, 11, 0x91, 4, 4, 2], &b"2 "[..], &[0x91, 8, 5]].concat();
        assert_eq!(changed(base, &delta).unwrap(), b"two 2 three");
        assert_eq!(changed(b"another", &delta), None);
        for length in 0..delta.len() {
            assert_eq!(changed(base, &delta[..length]), None);
        }
        // Beyond the end of the old object, and the command that is reserved.
        assert_eq!(changed(base, &[13, 5, 0x91, 9, 5]), None);
        assert_eq!(changed(base, &[13, 1, 0, b'a']), None);
    }

    #[test]
    fn a_copy_without_a_length_has_64_kib() {
        let base = vec![b'a'; 0x10001];
        let delta = [0x81, 0x80, 0x04, 0x80, 0x80, 0x04, 0x81, 0x01];
        assert_eq!(changed(&base, &delta).unwrap().len(), 0x10000);
    }

    #[test]
    fn what_was_wanted_last_is_kept() {
        let object = |size| Object {
            kind: Kind::Blob,
            data: Rc::new(vec![0; size]),
        };
        let mut kept = Kept::default();
        kept.put((0, 0), object(1));
        for offset in 1..10 {
            kept.put((0, offset), object(KEPT / 8));
            assert!(kept.get((0, 0)).is_some());
        }
        assert!(kept.get((0, 9)).is_some() && kept.get((0, 1)).is_none());
    }
}
