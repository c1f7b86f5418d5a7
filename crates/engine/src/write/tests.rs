//! Files are whole, and where they belong.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::draft::is_draft;
use super::*;

fn stage() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path().canonicalize().unwrap();
    fs::create_dir(root.join("own")).unwrap();
    fs::create_dir(root.join("other")).unwrap();
    (directory, root)
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// Every path below a directory, sorted; no draft may be left.
fn all(root: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in walkdir::WalkDir::new(root).min_depth(1).sort_by_file_name() {
        let entry = entry.unwrap();
        assert!(!is_draft(entry.file_name()), "{:?}", entry.path());
        let inside = entry.path().strip_prefix(root).unwrap();
        found.push(inside.to_str().unwrap().to_owned());
    }
    found
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

#[test]
fn a_file_keeps_its_mode_and_gets_a_new_body() {
    let (_directory, root) = stage();
    let path = root.join("f");
    fs::write(&path, "old").unwrap();
    set_mode(&path, 0o640);
    let before = fs::metadata(&path).unwrap().ino();
    file(&path, b"new").unwrap();
    assert_eq!((text(&path).as_str(), mode(&path)), ("new", 0o640));
    assert_ne!(fs::metadata(&path).unwrap().ino(), before);
    assert_eq!(all(&root), ["f", "other", "own"]);
}

#[test]
fn what_a_killed_process_left_is_removed_and_nothing_else() {
    let (_directory, root) = stage();
    let mut gone = std::process::Command::new("true").spawn().unwrap();
    gone.wait().unwrap();
    let (gone, alive) = (gone.id(), std::process::id());
    let (here, elsewhere) = (super::at::machine(), super::at::machine() ^ 1);
    let name = |process: u32, machine: u64| {
        format!("own/.kustom-{process}-{machine:016x}-{0:016x}.tmp", 7)
    };
    let kept = [
        name(alive, here),
        name(gone, elsewhere),
        format!("own/.kustom-{gone}.tmp"),
        format!("own/.kustom-{gone}-{here:016x}-7.tmp"),
        format!("own/.kustom-{gone}-{here:016x}-{:016x}-a.tmp", 7),
        name(gone, here).replace("tmp", "yaml"),
        name(gone, here).replace("own/.", "own/"),
        name(gone, here).replace("own/", "other/"),
    ];
    for path in &kept {
        fs::write(root.join(path), "x").unwrap();
    }
    // What has such a name and is no regular file was not made here.
    let link = name(gone, here).replace("7.tmp", "8.tmp");
    symlink("../other", root.join(&link)).unwrap();
    let directory = link.replace("8.tmp", "9.tmp");
    fs::create_dir(root.join(&directory)).unwrap();
    for write in [&|| file(&root.join("own/f"), b"1").unwrap(), &|| {
        let files = [New::over("f", "2"), New::over("g", "2")];
        Directory::new(root.join("own")).write(&files).unwrap();
    }] as [&dyn Fn(); 2]
    {
        fs::write(root.join(name(gone, here)), "x").unwrap();
        write();
        assert!(!root.join(name(gone, here)).exists());
        for path in kept.iter().chain([&link, &directory]) {
            assert!(root.join(path).exists(), "{path}");
        }
    }
}

#[test]
fn the_user_is_led_by_links_and_a_replacement_is_not() {
    let (_directory, root) = stage();
    fs::write(root.join("other/t"), "old").unwrap();
    symlink("../other/t", root.join("own/l")).unwrap();
    symlink("l", root.join("own/ll")).unwrap();
    symlink("../other/new", root.join("own/dangling")).unwrap();
    symlink("turn", root.join("own/round")).unwrap();
    symlink("round", root.join("own/turn")).unwrap();
    file(&root.join("own/ll"), b"1").unwrap();
    assert_eq!(text(&root.join("other/t")), "1");
    file(&root.join("own/dangling"), b"2").unwrap();
    assert_eq!(text(&root.join("other/new")), "2");
    assert!(file(&root.join("own/round"), b"3").is_err());
    replacement(&root.join("own/l"), b"4").unwrap();
    assert_eq!(text(&root.join("own/l")), "4");
    assert_eq!(text(&root.join("other/t")), "1");
    assert!(!root.join("own/l").is_symlink() && root.join("own/ll").is_symlink());
}

#[test]
fn what_cannot_be_replaced_stays_as_it_is() {
    let (_directory, root) = stage();
    let path = root.join("f");
    fs::write(&path, "old").unwrap();
    set_mode(&path, 0o444);
    for written in [file(&path, b"new"), replacement(&path, b"new")] {
        let error = written.unwrap_err();
        assert!(error.message().ends_with("it is read-only"), "{error}");
    }
    assert!(check_replaceable(&path).is_err());
    assert_eq!(text(&path), "old");
    // A directory, no name, and a directory that is not there.
    for wrong in ["own", "own/", "none/f"] {
        assert!(file(&root.join(wrong), b"x").is_err(), "{wrong}");
    }
    let two = [(root.join("g"), b"x".to_vec()), (path, b"x".to_vec())];
    assert!(files(&two).is_err());
    assert_eq!(all(&root), ["f", "other", "own"]);
}

#[test]
fn nothing_leaves_a_directory() {
    let (_directory, root) = stage();
    let own = Directory::new(root.join("own"));
    symlink("../other", root.join("own/out")).unwrap();
    symlink(root.join("other"), root.join("own/absolute")).unwrap();
    symlink("../other/new", root.join("own/dangling")).unwrap();
    fs::create_dir(root.join("own/in")).unwrap();
    symlink("in", root.join("own/inside")).unwrap();
    symlink(root.join("own/in"), root.join("own/whole")).unwrap();
    let before = all(&root);
    for path in [
        "out/x",
        "absolute/x",
        "dangling",
        "../x",
        "/x",
        "in/../../x",
        ".",
        "",
        "in",
        ".git/x",
        "in/.GIT/x",
        "out",
    ] {
        let files = [New::over("new/a/b", "x"), New::over(path, "x")];
        assert!(own.write(&files).is_err(), "{path}");
        assert_eq!(all(&root), before, "{path}");
        assert!(own.read(Path::new(path), 9).is_err() || !own.holds(Path::new(path), b"x"));
    }
    own.write(&[New::over("inside/x", "1"), New::over("whole/y", "2")])
        .unwrap();
    assert_eq!(text(&root.join("own/in/x")), "1");
    assert_eq!(text(&root.join("own/in/y")), "2");
    let alone = own.clone().without_links();
    assert!(alone.write(&[New::over("inside/z", "1")]).is_err());
    assert!(own.holds(Path::new("inside/x"), b"1") && !alone.holds(Path::new("inside/x"), b"1"));
}

#[test]
fn a_refused_directory_is_not_made() {
    let (_directory, root) = stage();
    let before = all(&root);
    let deep = Directory::new(root.join("own/a/b"));
    let wrong = [New::alone("c/d", "x"), New::alone("c/../../../e", "x")];
    assert!(deep.write(&wrong).is_err());
    assert_eq!(all(&root), before);
    let git = Directory::new(root.join("own/.git/x"));
    assert!(git.write(&[New::over("f", "x")]).is_err());
    assert_eq!(all(&root), before);
    deep.write(&[New::alone("c/d", "x")]).unwrap();
    assert_eq!(text(&root.join("own/a/b/c/d")), "x");
    // What is there is not replaced, and nothing beside it is written.
    let before = all(&root);
    assert!(
        deep.write(&[New::alone("n", "y"), New::alone("c/d", "y")])
            .is_err()
    );
    assert_eq!(all(&root), before);
    assert_eq!(text(&root.join("own/a/b/c/d")), "x");
}

#[test]
fn a_private_file_is_for_its_owner_alone() {
    let (_directory, root) = stage();
    let own = Directory::new(root.join("own"));
    let private = |path: &str, replaces: bool| New {
        private: true,
        replaces,
        ..New::over(path, "x")
    };
    own.write(&[private("secrets/s", false)]).unwrap();
    assert_eq!(mode(&root.join("own/secrets")), 0o700);
    assert_eq!(mode(&root.join("own/secrets/s")), 0o600);
    set_mode(&root.join("own/secrets/s"), 0o644);
    own.write(&[private("secrets/s", true)]).unwrap();
    assert_eq!(mode(&root.join("own/secrets/s")), 0o600);
}

#[test]
fn what_is_removed_is_ours_and_no_link() {
    let (_directory, root) = stage();
    let own = Directory::new(root.join("own"));
    own.write(&[New::over("a/b/f", "ours"), New::over("a/g", "changed")])
        .unwrap();
    fs::write(root.join("other/f"), "ours").unwrap();
    symlink("../other", root.join("own/out")).unwrap();
    symlink("a/b/f", root.join("own/link")).unwrap();
    let is_ours = |content: &[u8]| content == b"ours";
    for kept in [
        "out/f",
        "link",
        "a/g",
        "a/b",
        "none",
        "../other/f",
        "/etc/hostname",
    ] {
        assert!(!own.remove(Path::new(kept), 99, is_ours).unwrap(), "{kept}");
    }
    assert!(own.remove(Path::new("a/b/f"), 99, is_ours).unwrap());
    assert_eq!(
        all(&root),
        [
            "other", "other/f", "own", "own/a", "own/a/g", "own/link", "own/out"
        ]
    );
}

#[test]
fn a_pipe_is_written_to_and_not_replaced() {
    let (_directory, root) = stage();
    file(Path::new("/dev/null"), b"x").unwrap();
    let pipe = root.join("pipe");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let reader = {
        let pipe = pipe.clone();
        std::thread::spawn(move || fs::read(pipe).unwrap())
    };
    file(&pipe, b"through").unwrap();
    assert_eq!(reader.join().unwrap(), b"through");
    // Nothing of a directory is a pipe.
    let own = Directory::new(&root);
    assert!(own.write(&[New::over("pipe", "x")]).is_err());
    assert!(files(&[(pipe, b"x".to_vec())]).is_err());
}

#[test]
fn scratch_is_gone_and_nothing_leaves_it() {
    let scratch = Scratch::new("kustom-test-").unwrap();
    let path = scratch.path().to_path_buf();
    assert_eq!(mode(&path), 0o700);
    scratch.write(Path::new("a/b"), b"x").unwrap();
    scratch
        .write_program(Path::new("run"), b"#!/bin/sh\n")
        .unwrap();
    assert_eq!(mode(&path.join("run")), 0o755);
    scratch.link(Path::new("/"), Path::new("root")).unwrap();
    for wrong in ["../x", "/x", "root/x", "root/tmp/x", "a/b"] {
        assert!(scratch.write(Path::new(wrong), b"x").is_err(), "{wrong}");
    }
    drop(scratch);
    assert!(!path.exists());
}

#[test]
fn a_batch_is_there_as_a_whole_or_not_at_all() {
    let (_directory, root) = stage();
    let own = Directory::new(root.join("own/new"));
    let batch = own.begin().unwrap();
    batch.put(&New::over("a/one", "1")).unwrap();
    assert!(!root.join("own/new/a/one").exists());
    drop(batch);
    assert_eq!(all(&root), ["other", "own"]);

    let batch = own.begin().unwrap();
    std::thread::scope(|scope| {
        for number in 0..8 {
            let batch = &batch;
            scope.spawn(move || batch.put(&New::over(format!("a/{number}"), "x")).unwrap());
        }
    });
    // Something came to be where the last of them belongs.
    fs::write(root.join("own/new/a/7"), "theirs").unwrap();
    batch.publish().unwrap_err();
    assert_eq!(text(&root.join("own/new/a/7")), "theirs");
    let left = ["other", "own", "own/new", "own/new/a", "own/new/a/7"];
    assert_eq!(all(&root), left);

    let batch = own.begin().unwrap();
    batch.put(&New::over("a/7", "ours")).unwrap();
    batch.put(&New::over("b", "x")).unwrap();
    batch.publish().unwrap();
    assert_eq!(text(&root.join("own/new/a/7")), "ours");
    assert_eq!(all(&root).len(), left.len() + 1);
}
