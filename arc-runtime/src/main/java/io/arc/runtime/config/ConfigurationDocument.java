package io.arc.runtime.config;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Writes `docs/configuration.md` from what is declared, so that it cannot say anything else.
public final class ConfigurationDocument {
    /// Stands before the plugins' keys; what is above is the server's alone.
    public static final String PLUGIN_HEADING = "## Plugins\n";

    private ConfigurationDocument() {}

    /// The whole page.
    ///
    /// @param settings of the server and of the plugins that a release ships
    public static String text(List<Setting<?>> settings) {
        return serverText() + pluginText(settings.stream().filter(setting -> setting.section().contains(".")).toList());
    }

    /// What does not depend on the plugins.
    public static String serverText() {
        StringBuilder text = new StringBuilder();
        text.append("""
                # Configuration

                This page is generated from the keys that the server declares; do not edit it.

                A key such as `server.port` is set by, strongest first:

                1. a system property: `-Darc.server.port=8086`
                2. the environment: `ARC_SERVER_PORT=8086`
                3. `conf/arc.toml` (another file: `ARC_CONFIG_FILE`): `port = 8086` under `[server]`
                4. a name of an earlier Arc version, see [aliases](#aliases)
                5. its default

                An empty value counts as not set. Keys are compared without regard to case, and `.`, `_` and `-` are alike:
                `storage.s3_bucket`, `storage.s3.bucket` and `ARC_STORAGE_S3_BUCKET` are one key. A key that nobody knows
                stops the start, with the nearest known one in the message, and all mistakes are reported at once.
                `bin/arc config` prints the effective values and where each came from.

                Sizes are written `64MB` or `1GB` (1024-based), durations `500ms`, `30s`, `5m`, `2h`, `7d`; a bare number is
                bytes, or seconds where the default is in seconds. Lists are arrays in `arc.toml` and comma-separated elsewhere.
                Relative paths start from the installation's folder in `arc.toml` and in defaults, elsewhere from the working
                directory.

                """.stripIndent());
        Map<String, List<Setting<?>>> sections = new LinkedHashMap<>();
        ArcConfig.SETTINGS.forEach(setting -> sections.computeIfAbsent(setting.section(), any -> new ArrayList<>())
                .add(setting));
        sections.forEach((section, settings) -> {
            text.append("## ").append(section).append("\n\n");
            table(text, settings);
        });
        aliases(text);
        unused(text);
        return text.toString();
    }

    private static String pluginText(List<Setting<?>> settings) {
        StringBuilder text = new StringBuilder(PLUGIN_HEADING).append('\n').append("""
                A plugin's keys begin with its kind and name: `protocol.NAME.`, `storage.NAME.`, `compressor.NAME.`,
                `rewriter.NAME.`. These are the ones of the plugins in the release.

                """.stripIndent());
        if (!settings.isEmpty()) {
            table(text, settings);
        }
        return text.toString();
    }

    private static void table(StringBuilder text, List<Setting<?>> settings) {
        text.append("| Key | Environment | Type | Default | |\n|---|---|---|---|---|\n");
        for (Setting<?> setting : settings) {
            text.append("| `").append(setting.name()).append("` | `").append(setting.environmentName()).append("` | ")
                    .append(cell(setting.key().type())).append(setting.key().secret() ? ", secret" : "").append(" | ")
                    .append(defaultCell(setting)).append(" | ").append(cell(setting.key().doc())).append(" |\n");
        }
        text.append('\n');
    }

    private static <T> String defaultCell(Setting<T> setting) {
        return setting.key().defaultValue().map(value -> ValueText.of(setting.key(), value)).filter(value -> !value.isEmpty()
                && !value.equals("{}")).map(value -> "`" + cell(value) + "`").orElse("");
    }

    private static void aliases(StringBuilder text) {
        text.append("## Aliases\n\n").append("""
                Names of earlier versions that still work. They are weaker than every name above, and the log names each one in
                use.

                | Alias | Where | Key | |
                |---|---|---|---|
                """.stripIndent());
        for (Alias alias : Alias.all()) {
            text.append("| `").append(alias.name()).append("` | ").append(alias.isKey() ? "`arc.toml`" : "environment")
                    .append(" | `").append(alias.target()).append("` | ").append(cell(alias.note())).append(" |\n");
        }
        text.append('\n');
    }

    private static void unused(StringBuilder text) {
        text.append("## Recognised without effect\n\n").append("""
                Keys of earlier versions that nothing in this version reads. Setting one is a warning in the log, not an error.
                The one exception is `server.tls_enabled`: `true` stops the start, because this version does not serve TLS.

                | Key | |
                |---|---|
                """.stripIndent());
        new KnownButUnused().documented().forEach((name, hint) ->
                text.append("| `").append(name).append("` | ").append(cell(hint)).append(" |\n"));
        text.append('\n');
    }

    private static String cell(String text) {
        return text.replace("|", "\\|");
    }
}
