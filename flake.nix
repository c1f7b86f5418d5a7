# `nix run .` builds and runs kustom; `nix develop` is a shell with what its tests use.
{
  description = "Renders the Kubernetes manifests of many environments from one base.";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      each = make: nixpkgs.lib.genAttrs systems (system: make nixpkgs.legacyPackages.${system});
      manifest = (nixpkgs.lib.importTOML ./Cargo.toml).workspace.package;
    in
    {
      packages = each (pkgs: {
        default = pkgs.rustPlatform.buildRustPackage {
          pname = "kustom";
          version = manifest.version;
          src = self;
          cargoLock.lockFile = ./Cargo.lock;
          cargoBuildFlags = [ "--bin=kustom" ];
          # `cargo test` wants git and a writable tree; CI runs it.
          doCheck = false;
          nativeBuildInputs = [ pkgs.installShellFiles ];
          postInstall = ''
            $out/bin/kustom man -o man
            installManPage man/*.1
            export PATH=$out/bin:$PATH
            installShellCompletion --cmd kustom \
              --bash <(kustom completion bash) \
              --zsh <(kustom completion zsh) \
              --fish <(kustom completion fish)
          '';
          meta = {
            description = "Renders the Kubernetes manifests of many environments from one base";
            license = with nixpkgs.lib.licenses; [
              mit
              asl20
            ];
            mainProgram = "kustom";
          };
        };
      });

      devShells = each (pkgs: {
        default = pkgs.mkShell {
          packages = with pkgs; [
            cargo
            clippy
            rustc
            rustfmt
            git
            strace
          ];
        };
      });
    };
}
