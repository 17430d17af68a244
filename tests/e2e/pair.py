"""Both sides of a gap in two folders: a connected home, a medium, an isolated home."""
import json
import subprocess


class Pair:
    def __init__(self, folder, bins, site="ot-plant"):
        self.folder = folder
        self.bins = bins
        self.site = site
        self.connected = folder / "connected"
        self.isolated = folder / "isolated"
        self.medium = folder / "medium"
        self.medium.mkdir(parents=True, exist_ok=True)
        made = json.loads(self.export("init", "--site", site, "--no-passphrase", "--json").stdout)
        self.fingerprint = made["fingerprint"]

    def _call(self, program, home, arguments, expect, env=None):
        command = [str(self.bins / program), "--home", str(home), *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=600)
        assert expect is None or done.returncode == expect, (
            f"{' '.join(command)} ended with {done.returncode}, not {expect}\n{done.stdout}\n{done.stderr}")
        return done

    def export(self, *arguments, expect=0, env=None):
        return self._call("gapferry-export", self.connected, arguments, expect, env)

    def import_(self, *arguments, expect=0, env=None):
        return self._call("gapferry-import", self.isolated, arguments, expect, env)

    def configure_export(self, sources, /, **site):
        """`sources` and `site` as in export.yml; JSON is YAML."""
        config = {"sources": sources, "sites": [{"name": self.site, **site}]}
        (self.connected / "export.yml").write_text(json.dumps(config))

    def open_site(self, **config):
        """`init` on the isolated side, with this import.yml."""
        self.import_("init", "--root", self.medium / "root-0001.json", "--fingerprint", self.fingerprint)
        self.configure_import(**config)

    def configure_import(self, **config):
        (self.isolated / "import.yml").write_text(json.dumps(config))

    def bundle(self, env=None):
        """The next bundles: what `bundle` said of the last of them, which is a full unless told otherwise."""
        return self.bundles(env=env)[-1]

    def bundles(self, *arguments, env=None):
        self.medium.mkdir(parents=True, exist_ok=True)  # tests take one medium away and bring the next
        said = self.export("bundle", "--to", self.medium, "--json", *arguments, env=env).stdout
        return [json.loads(line) for line in said.splitlines()]

    def dump(self):
        return [json.loads(line) for line in self.import_("dump").stdout.splitlines()]


EVERYTHING = {
    "clearance": "red",
    "unencrypted": True,
    "unpublished": "cross",
    "distributions": [0, 1, 2, 3],
    "exclude_categories": [],
    "hold_back_tags": [],
}
