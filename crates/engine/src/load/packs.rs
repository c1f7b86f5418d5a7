//! Reads the objects of packs, each of them once.
//!
//! Most objects are stored as differences to others. `gix` puts an object together from all
//! differences on the way to it, and keeps none of the objects that it comes by; where a whole
//! history is read, these are wanted too, before or after. A [`PackReader`] keeps them, for objects
//! that are asked for in any order.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::mem;
use std::path::Path;
use std::rc::Rc;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::hash::oid;
use gix::objs::Kind;
use gix::odb::pack::Bundle;
use gix::odb::pack::data::Entry;
use gix::odb::pack::data::entry::Header;
use gix::zlib::Inflate;
use kustom_guard::{TEXT_HEAD, is_binary};
use rustc_hash::FxHashMap;

use super::delta::{self, LARGEST};

/// How many bytes of objects are kept at once.
pub(super) const KEPT: usize = 32 << 20;

/// How many differences may lie between an object and one that is stored whole; git makes 50 unless
/// told otherwise, and 4,095 at most.
pub(super) const MOST_DELTAS: usize = 4096;

/// How much of a commit is read at first: the message, and a signature that no deflate makes shorter,
/// come behind what is wanted.
const COMMIT_HEAD: usize = 304;

/// A content of so many bytes is inflated only after its start was, which says whether it is text:
/// texts that are so long are few.
const LARGE: u64 = 4 * TEXT_HEAD as u64;

/// The packs of a repository.
pub(super) struct Packs(Vec<Pack>);

struct Pack {
    bundle: Bundle,
    /// The ids of the index are looked up by so many of their first bits, for which
    bits: u32,
    /// these are the numbers where the objects begin, and the number of all at the end. The index of
    /// a large pack is in no cache: the fewer of its ids are compared, the better.
    starts: Vec<u32>,
}

/// How many objects have the same first bits, about.
const SHARE: u32 = 2;

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
        Self(indices.filter_map(|path| Pack::open(&path, hash)).collect())
    }

    /// Where an object is stored, if a pack has it; `first` is the pack to look at first: the next
    /// object mostly is where the last one was.
    pub(super) fn place(&self, id: ObjectId, first: usize) -> Option<Place> {
        let mut numbers = (first..self.0.len()).chain(0..first);
        numbers.find_map(|pack| {
            let found = self.0.get(pack)?;
            let number = found.position(&id)?;
            Some((pack, found.bundle.index.pack_offset_at_index(number)))
        })
    }

    /// What is stored at a place, and the place of what it is a difference to, if it is one.
    pub(super) fn entry(&self, (pack, offset): Place) -> Option<(Entry, Option<Place>)> {
        let Bundle { pack: file, index } = &self.0.get(pack)?.bundle;
        let entry = file.entry(offset).ok()?;
        let base = match entry.header {
            Header::OfsDelta { base_distance } => {
                Some(entry.checked_base_pack_offset(base_distance)?)
            }
            Header::RefDelta { base_id } => {
                Some(index.pack_offset_at_index(index.lookup(base_id)?))
            }
            _ => None,
        };
        Some((entry, base.map(|base| (pack, base))))
    }

    /// Inflates what is stored, an object or a difference, unless it is large or broken.
    ///
    /// The buffer grows if need be, and may hold more.
    pub(super) fn inflate<'b>(
        &self,
        (pack, _): Place,
        entry: &Entry,
        inflate: &mut Inflate,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        let file = &self.0.get(pack)?.bundle.pack;
        let size = usize::try_from(entry.decompressed_size).ok()?;
        if entry.decompressed_size > LARGEST {
            return None;
        }
        if buffer.len() < size {
            buffer.resize(size, 0);
        }
        let out = buffer.get_mut(..size)?;
        file.decompress_entry(entry, inflate, out).ok()?;
        Some(out)
    }

    /// The same of a content that is stored whole; of a large one that is no text, no more than what
    /// says so.
    pub(super) fn inflate_text<'b>(
        &self,
        place: Place,
        entry: &Entry,
        inflate: &mut Inflate,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        if entry.decompressed_size >= LARGE {
            let length = self.head(place, entry, inflate, TEXT_HEAD, buffer)?.len();
            // A slice that may be returned is borrowed for all that follows.
            if buffer.get(..length).is_some_and(is_binary) {
                return buffer.get(..length);
            }
        }
        self.inflate(place, entry, inflate, buffer)
    }

    /// Inflates the first bytes of what is stored, unless they are broken.
    fn head<'b>(
        &self,
        (pack, _): Place,
        entry: &Entry,
        inflate: &mut Inflate,
        length: usize,
        buffer: &'b mut Vec<u8>,
    ) -> Option<&'b [u8]> {
        let file = &self.0.get(pack)?.bundle.pack;
        let data = file.entry_slice(entry.data_offset..file.pack_end() as u64)?;
        if buffer.len() < length {
            buffer.resize(length, 0);
        }
        let head = buffer.get_mut(..length)?;
        inflate.reset();
        let (_, _, length) = inflate.prefix(data, head).ok()?;
        head.get(..length)
    }
}

/// An object as `gix` reads it, which says what is wrong with one.
pub(super) fn found(
    repository: &gix::Repository,
    id: ObjectId,
    kind: Kind,
) -> Result<Vec<u8>, gix::Error> {
    let found = repository.find_object(id)?.detach();
    if found.kind != kind {
        let message = format!("it is a {}, not a {kind}", found.kind);
        return Err(gix::Error::from_error(io::Error::other(message)));
    }
    Ok(found.data)
}

impl Pack {
    fn open(path: &Path, hash: gix::hash::Kind) -> Option<Self> {
        let bundle = Bundle::at(path, hash).ok()?;
        let count = bundle.index.num_objects();
        let bits = (count / SHARE).max(1).ilog2();
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for number in 0..count {
            let last = first_bits(bundle.index.oid_at_index(number), bits);
            while starts.len() <= last {
                starts.push(number);
            }
        }
        starts.resize((1 << bits) + 1, count);
        Some(Self {
            bundle,
            bits,
            starts,
        })
    }

    /// The number of an object in the index, whose ids are sorted.
    fn position(&self, id: &oid) -> Option<u32> {
        let share = first_bits(id, self.bits);
        let mut numbers = *self.starts.get(share)?..*self.starts.get(share + 1)?;
        while !numbers.is_empty() {
            let middle = numbers.start.midpoint(numbers.end);
            match id.cmp(self.bundle.index.oid_at_index(middle)) {
                Ordering::Equal => return Some(middle),
                Ordering::Less => numbers.end = middle,
                Ordering::Greater => numbers.start = middle + 1,
            }
        }
        None
    }
}

/// The first bits of an id as a number.
fn first_bits(id: &oid, bits: u32) -> usize {
    let first = id.as_bytes().first_chunk().copied();
    let first = u32::from_be_bytes(first.unwrap_or_default());
    (u64::from(first) >> (32 - bits)) as usize
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
    /// Where differences are inflated, and the starts of commits.
    buffer: Vec<u8>,
}

impl<'p> PackReader<'p> {
    pub(super) fn new(packs: &'p Packs, repository: gix::Repository) -> Self {
        Self {
            packs,
            repository,
            kept: Kept::default(),
            last: 0,
            inflate: Inflate::default(),
            buffer: Vec::new(),
        }
    }

    /// The data of an object of a kind.
    ///
    /// It is asked for once: what is stored as a difference to it is mostly older and was asked for
    /// before, so it is kept no longer.
    ///
    /// # Errors
    ///
    /// If it is not there, broken, or of another kind.
    pub(super) fn data(&mut self, id: ObjectId, kind: Kind) -> Result<Rc<Vec<u8>>, gix::Error> {
        let place = self.packs.place(id, self.last);
        self.last = place.map_or(self.last, |(pack, _)| pack);
        let packed = place.and_then(|place| {
            let object = self.packed(place);
            self.kept.remove(place);
            object
        });
        if let Some(object) = packed.filter(|object| object.kind == kind) {
            return Ok(object.data);
        }
        Ok(Rc::new(found(&self.repository, id, kind)?))
    }

    /// The lines of a commit up to the one that names its committer, if it is stored whole in a pack
    /// and they are not long.
    pub(super) fn commit_head(&mut self, id: ObjectId) -> Option<&[u8]> {
        let place = self.packs.place(id, self.last)?;
        self.last = place.0;
        let (entry, _) = self.packs.entry(place)?;
        if entry.header.as_kind() != Some(Kind::Commit) {
            return None;
        }
        let (inflate, buffer) = (&mut self.inflate, &mut self.buffer);
        let head = self
            .packs
            .head(place, &entry, inflate, COMMIT_HEAD, buffer)?;
        let committer = head.find(b"\ncommitter ")? + 1;
        let end = head.get(committer..)?.find_byte(b'\n')?;
        head.get(..=committer + end)
    }

    /// The object at a place, unless it is large or broken.
    fn packed(&mut self, place: Place) -> Option<Object> {
        let mut deltas = Vec::new();
        let mut place = place;
        let mut object = loop {
            if let Some(object) = self.kept.get(place) {
                break object;
            }
            let (entry, base) = self.packs.entry(place)?;
            let Some(base) = base else {
                let kind = entry.header.as_kind()?;
                let mut data = Vec::new();
                let packs = self.packs;
                packs.inflate(place, &entry, &mut self.inflate, &mut data)?;
                let data = Rc::new(data);
                let object = Object { kind, data };
                // Few commits are stored as differences.
                if kind != Kind::Commit {
                    self.kept.put(place, object.clone());
                }
                break object;
            };
            if deltas.len() == MOST_DELTAS {
                return None;
            }
            deltas.push((place, entry));
            place = base;
        };
        while let Some((place, entry)) = deltas.pop() {
            let packs = self.packs;
            let delta = packs.inflate(place, &entry, &mut self.inflate, &mut self.buffer)?;
            let mut data = Vec::new();
            delta::apply(&object.data, delta, &mut data, |_| {})?;
            object.data = Rc::new(data);
            self.kept.put(place, object.clone());
        }
        Some(object)
    }
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

    fn remove(&mut self, place: Place) {
        match self.new.remove(&place) {
            Some(object) => self.size -= object.data.len(),
            None => drop(self.old.remove(&place)),
        }
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

#[cfg(test)]
mod tests {
    use super::*;

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
        let size = kept.size;
        kept.remove((0, 9));
        assert!(kept.get((0, 9)).is_none() && kept.size == size - KEPT / 8);
    }
}
