//! Starts `kustom lsp` for YAML in Zed.

use zed_extension_api::{self as zed, Command, LanguageServerId, Result, Worktree};

struct Kustom;

impl zed::Extension for Kustom {
    fn new() -> Self {
        Self
    }

    fn language_server_command(&mut self, _: &LanguageServerId, tree: &Worktree) -> Result<Command> {
        let command = tree
            .which("kustom")
            .ok_or("`kustom` is not on the PATH")?;
        Ok(Command {
            command,
            args: vec!["lsp".to_owned()],
            env: tree.shell_env(),
        })
    }
}

zed::register_extension!(Kustom);
