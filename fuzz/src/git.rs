//! Git repositories, damaged.

use std::fs;
use std::path::Path;

use kustom::load::{Files as _, Revision, WorkTree, tracked_files};

/// The files that an input starts from: a repository with a file in a directory, committed once.
const WHOLE: [(&str, &[u8]); 4] = [
    ("HEAD", b"ref: refs/heads/main\n"),
    ("config", b"[core]\n\trepositoryformatversion = 0\n"),
    (
        "refs/heads/main",
        b"1111111111111111111111111111111111111111\n",
    ),
    (".gitignore", b"*.secret\n"),
];

/// No repository makes its reader panic or hang, whatever its files hold.
///
/// The input is cut at lines `=== FILE`. Files are named from `.git`, those that begin with a dot
/// from the work tree. Objects are given in the clear, with their header, and are deflated here. Of
/// those that are left out, `HEAD`, `config` and the like, there is one that will do.
pub(crate) fn damaged(input: &[u8]) {
    let parts = parts(input);
    // A configuration may name programs and other places.
    let is_harmless = |name: &str, content: &[u8]| {
        let content = content.to_ascii_lowercase();
        let says = |word: &str| {
            let mut windows = content.windows(word.len());
            windows.any(|found| found == word.as_bytes())
        };
        !name.contains("config")
            || ![
                "filter", "include", "worktree", "path", "command", "monitor",
            ]
            .iter()
            .any(|word| says(word))
    };
    let is_inside = |name: &str| {
        name.len() < 80
            && !name.is_empty()
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/.-_".contains(&byte))
            && name
                .split('/')
                .all(|part| !part.is_empty() && part != "." && part != "..")
            // Where the objects are may be said in a file.
            && !name.contains("alternates")
            && !name.contains("commondir")
            && !name.contains("gitdir")
            && name != ".git"
    };
    if !parts
        .iter()
        .all(|(name, content)| is_inside(name) && is_harmless(name, content))
    {
        return;
    }
    let directory = tempfile::tempdir().expect("there is room for a directory");
    let root = directory.path().canonicalize().expect("it is there");
    let git = root.join(".git");
    for below in ["objects", "refs/heads"] {
        fs::create_dir_all(git.join(below)).expect("there is room");
    }
    for (name, content) in WHOLE {
        lay(&root, name, content);
    }
    for (name, content) in &parts {
        lay(&root, name, content);
    }
    asked(&root);
}

/// Asks everything that there is to ask.
fn asked(root: &Path) {
    if let Ok(tracked) = tracked_files(root) {
        let all = tracked.all();
        assert!(all.iter().all(|file| tracked.contains(file)));
    }
    if let Ok(Some(tree)) = WorkTree::discover(root) {
        let _ = tree.staged();
        let _ = tree.is_shallow();
        let _ = tree.ignored(&[root.join("a.secret"), root.join("d/b"), root.join("d/")]);
        let blobs = tree.blobs();
        for file in tree.tracked(root).unwrap_or_default() {
            let _ = blobs.read(file.blob);
        }
        if let Ok(history) = tree.history() {
            let mut reader = history.reader();
            for index in history.order() {
                let _ = reader.read(index, |content, base| {
                    if let Some((base, copied)) = base {
                        let base: &Vec<u8> = base;
                        for part in copied {
                            let here = part.to..part.to + part.from.len();
                            assert_eq!(content[here], base[part.from.clone()]);
                        }
                    }
                    ((), Some(content.to_vec()))
                });
            }
        }
    }
    for name in ["HEAD", "main~1", "v1"] {
        let Ok(revision) = Revision::open(root, name) else {
            continue;
        };
        for file in revision.tracked_files(root).unwrap_or_default().all() {
            let _ = revision.read(&file);
        }
        let _ = revision.list(&root.join("d"));
    }
}

/// The parts of an input with their names.
fn parts(input: &[u8]) -> Vec<(String, &[u8])> {
    const MARK: &[u8] = b"=== ";
    let mut starts: Vec<usize> = (0..input.len())
        .filter(|at| input[*at..].starts_with(MARK) && (*at == 0 || input[*at - 1] == b'\n'))
        .collect();
    starts.push(input.len());
    let part = |bounds: &[usize]| {
        let part = &input[bounds[0] + MARK.len()..bounds[1]];
        let end = part.iter().position(|byte| *byte == b'\n')?;
        let name = String::from_utf8_lossy(&part[..end]).into_owned();
        // The line break before the next mark belongs to the mark.
        let content = &part[end + 1..];
        let is_last = bounds[1] == input.len();
        let content = match content {
            [content @ .., b'\n'] if !is_last => content,
            content => content,
        };
        Some((name, content))
    };
    starts.windows(2).filter_map(part).collect()
}

fn lay(root: &Path, name: &str, content: &[u8]) {
    let path = match name.starts_with('.') {
        true => root.join(name),
        false => root.join(".git").join(name),
    };
    // A file where a directory is wanted: the repository goes without.
    let Some(parent) = path.parent() else {
        return;
    };
    if fs::create_dir_all(parent).is_err() {
        return;
    }
    let is_object = name.starts_with("objects/") && !name.contains("pack");
    let content = match is_object {
        true => stored(content),
        false => content.to_vec(),
    };
    let _ = fs::write(path, content);
}

/// Bytes as a zlib stream that compresses nothing.
fn stored(content: &[u8]) -> Vec<u8> {
    let content = &content[..content.len().min(usize::from(u16::MAX))];
    let mut stream = vec![0x78, 0x01, 0x01];
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    stream.extend_from_slice(&length.to_le_bytes());
    stream.extend_from_slice(&(!length).to_le_bytes());
    stream.extend_from_slice(content);
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in content {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    stream.extend_from_slice(&((b << 16) | a).to_be_bytes());
    stream
}
