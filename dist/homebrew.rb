# The Homebrew formula; `dist/fill` puts in what stands between @.
class Kustom < Formula
  desc "Renders the Kubernetes manifests of many environments from one base"
  homepage "@HOME@"
  version "@VERSION@"
  license any_of: ["MIT", "Apache-2.0"]

  on_macos do
    on_arm do
      url "@RELEASES@/v@VERSION@/kustom-@VERSION@-aarch64-apple-darwin.tar.gz"
      sha256 "@SHA256:aarch64-apple-darwin@"
    end
    on_intel do
      url "@RELEASES@/v@VERSION@/kustom-@VERSION@-x86_64-apple-darwin.tar.gz"
      sha256 "@SHA256:x86_64-apple-darwin@"
    end
  end
  on_linux do
    on_arm do
      url "@RELEASES@/v@VERSION@/kustom-@VERSION@-aarch64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:aarch64-unknown-linux-musl@"
    end
    on_intel do
      url "@RELEASES@/v@VERSION@/kustom-@VERSION@-x86_64-unknown-linux-musl.tar.gz"
      sha256 "@SHA256:x86_64-unknown-linux-musl@"
    end
  end

  def install
    bin.install "bin/kustom"
    man1.install Dir["share/man/man1/*.1"]
    bash_completion.install "share/bash-completion/completions/kustom"
    zsh_completion.install "share/zsh/site-functions/_kustom"
    fish_completion.install "share/fish/vendor_completions.d/kustom.fish"
  end

  test do
    (testpath/"kustomization.yaml").write "resources: [map.yaml]\nnamePrefix: a-\n"
    (testpath/"map.yaml").write "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}\n"
    assert_match "name: a-map", shell_output("#{bin}/kustom build")
  end
end
