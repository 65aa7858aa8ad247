package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import io.arc.runtime.text.NearestName;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.eclipse.microprofile.config.spi.ConfigSource;

/// All settings with their values, where each came from, and everything that is wrong with them. Immutable.
///
/// Sources, strongest first: system properties `arc.{key}`, environment `ARC_{KEY}`, `arc.toml`, the aliases of earlier Arc
/// versions, defaults. An empty value counts as not set. Nothing is thrown while reading: a key with a bad value has its
/// default until [#problems] has been looked at, so that all mistakes are found in one start.
public final class Configuration {
    private static final String MASK = "***";

    private final ConfigurationInputs inputs;
    private final List<ConfigurationSource> sources;
    private final Map<String, Setting<?>> declared;
    private final Map<String, Resolved<?>> resolved = new LinkedHashMap<>();
    private final List<String> problems = new ArrayList<>();
    private final List<String> notices = new ArrayList<>();

    /// @param value empty when the key is not set and has no default
    /// @param text as the source has it
    private record Resolved<T>(Optional<T> value, Optional<String> text, Origin origin) {}

    private Configuration(ConfigurationInputs inputs, List<ConfigurationSource> sources, Map<String, Setting<?>> declared) {
        this.inputs = inputs;
        this.sources = sources;
        this.declared = declared;
        sources.forEach(source -> problems.addAll(source.problems()));
        Set<RawValue> read = new HashSet<>();
        Map<String, List<Alias>> aliases = new TreeMap<>();
        for (Alias alias : Alias.all()) {
            aliases.computeIfAbsent(KeyNames.fold(alias.target()), any -> new ArrayList<>()).add(alias);
        }
        for (Setting<?> setting : declared.values()) {
            resolved.put(setting.folded(), resolve(setting, aliases.getOrDefault(setting.folded(), List.of()), read));
        }
        reportUnknown(read);
    }

    /// Reads the sources and the server's own settings. Plugins' keys are unknown until [#declaring] has added them.
    public static Configuration load(ConfigurationInputs inputs) {
        List<ConfigurationSource> sources = new ArrayList<>();
        sources.add(ConfigurationSource.ofProperties(inputs.properties()));
        sources.add(ConfigurationSource.ofEnvironment(inputs.environment()));
        inputs.file().ifPresent(file -> sources.add(ConfigurationSource.ofFile(file)));
        return new Configuration(inputs, List.copyOf(sources), declare(Map.of(), ArcConfig.SETTINGS));
    }

    /// The same sources with more keys declared.
    ///
    /// @throws IllegalArgumentException for a key that folds to one already declared; ask [#declared] before
    public Configuration declaring(List<Setting<?>> more) {
        return new Configuration(inputs, sources, declare(declared, more));
    }

    private static Map<String, Setting<?>> declare(Map<String, Setting<?>> before, List<Setting<?>> more) {
        Map<String, Setting<?>> all = new LinkedHashMap<>(before);
        for (Setting<?> setting : more) {
            Setting<?> other = all.putIfAbsent(setting.folded(), setting);
            if (other != null) {
                throw new IllegalArgumentException(setting.name() + " and " + other.name() + " are the same key");
            }
        }
        return all;
    }

    /// The declared setting that `name` is a spelling of.
    public Optional<Setting<?>> declared(String name) {
        return Optional.ofNullable(declared.get(KeyNames.fold(name)));
    }

    /// All declared settings, the server's before the plugins'.
    public List<Setting<?>> settings() {
        return List.copyOf(declared.values());
    }

    /// The value or default.
    ///
    /// @throws IllegalArgumentException for an undeclared setting, or one that has neither
    public <T> T value(Setting<T> setting) {
        return find(setting).orElseThrow(() -> new IllegalArgumentException(setting.name() + " is not set"));
    }

    /// The value or default, empty when there is neither.
    ///
    /// @throws IllegalArgumentException for an undeclared setting
    @SuppressWarnings("unchecked") // A setting's values are made by its own parser.
    public <T> Optional<T> find(Setting<T> setting) {
        return (Optional<T>) resolvedOf(setting).value;
    }

    /// A setting that names a file or directory, made absolute: relative ones in `arc.toml` and in defaults start from the
    /// installation's folder, others from the working directory.
    public Optional<Path> path(Setting<String> setting) {
        return find(setting).map(text -> inputs.home().resolve(text).normalize());
    }

    public Origin origin(Setting<?> setting) {
        return resolvedOf(setting).origin;
    }

    /// Everything that is wrong, one sentence each, without secrets. Unknown keys are judged by what is declared so far.
    public List<String> problems() {
        return List.copyOf(problems);
    }

    /// What the log should say once: aliases in use, keys without effect, names ignored.
    public List<String> notices() {
        return List.copyOf(notices);
    }

    /// The effective values for MicroProfile Config, one source a kind of origin, above every source that an implementation
    /// brings itself, so that the two can never disagree. Secrets are left out.
    public List<ConfigSource> configSources() {
        Map<Origin.Kind, Map<String, String>> byKind = new EnumMap<>(Origin.Kind.class);
        for (Setting<?> setting : declared.values()) {
            Resolved<?> value = resolvedOf(setting);
            if (!setting.key().secret() && value.text.isPresent()) {
                byKind.computeIfAbsent(value.origin.kind(), any -> new TreeMap<>()).put(setting.name(), value.text.get());
            }
        }
        List<ConfigSource> all = new ArrayList<>();
        byKind.forEach((kind, values) -> all.add(new EffectiveConfigSource(kind, values)));
        return all;
    }

    /// One line a setting: `name = value  # origin`, secrets masked, in the order of declaration.
    ///
    /// @param workedOut what settings without a fixed default have come to, by name
    public List<String> describe(Map<String, String> workedOut) {
        int width = declared.values().stream().mapToInt(setting -> line(setting, workedOut).length()).filter(length -> length <= 60).max()
                .orElse(0);
        List<String> lines = new ArrayList<>();
        for (Setting<?> setting : declared.values()) {
            String line = line(setting, workedOut);
            lines.add(line + " ".repeat(Math.max(0, width - line.length())) + "  # " + resolvedOf(setting).origin.place());
        }
        return lines;
    }

    private String line(Setting<?> setting, Map<String, String> workedOut) {
        Optional<String> text = resolvedOf(setting).text;
        return setting.name() + " = " + (setting.key().secret() && text.isPresent() ? MASK
                : Optional.ofNullable(workedOut.get(setting.name())).or(() -> text).orElseGet(() -> unset(setting)));
    }

    private static String unset(Setting<?> setting) {
        String doc = setting.key().doc();
        int rule = doc.indexOf("Default: ");
        return rule < 0 ? "(not set)" : "(not set: " + doc.substring(rule + "Default: ".length()).replaceFirst("\\.$", "") + ")";
    }

    private Resolved<?> resolvedOf(Setting<?> setting) {
        Resolved<?> value = resolved.get(setting.folded());
        if (value == null) {
            throw new IllegalArgumentException(setting.name() + " is not a declared setting");
        }
        return value;
    }

    private <T> Resolved<T> resolve(Setting<T> setting, List<Alias> aliases, Set<RawValue> read) {
        RawValue strongest = null;
        Origin.Kind kind = Origin.Kind.DEFAULT;
        for (ConfigurationSource source : sources) {
            RawValue raw = source.values().get(setting.folded());
            if (raw != null) {
                read.add(raw);
                if (strongest == null && raw.isSet()) {
                    strongest = raw;
                    kind = source.kind();
                }
            }
        }
        for (Alias alias : aliases) {
            for (RawValue raw : find(alias)) {
                read.add(raw);
                if (strongest == null && raw.isSet()) {
                    strongest = raw;
                    kind = Origin.Kind.ALIAS;
                    if (isWorthTelling(setting)) {
                        notices.add(raw.place() + " is used for " + setting.name() + "; its name today is " + setting.name()
                                + " or " + setting.environmentName());
                    }
                    return parse(setting, strongest, kind, alias);
                }
            }
        }
        if (strongest == null) {
            ConfigKey<T> key = setting.key();
            return new Resolved<>(key.defaultValue(), key.defaultValue().map(value -> ValueText.of(key, value)),
                    Origin.DEFAULT);
        }
        return parse(setting, strongest, kind, null);
    }

    /// Generic names such as `S3_BUCKET` are often in an environment for others; only the chosen store's are news.
    private boolean isWorthTelling(Setting<?> setting) {
        if (!setting.section().startsWith("storage.")) {
            return true;
        }
        return StorageConfig.from(this).names().contains(setting.section().substring("storage.".length()));
    }

    /// The alias's values in all sources, the strongest first.
    private List<RawValue> find(Alias alias) {
        if (!alias.isKey()) {
            String value = inputs.environment().get(alias.name());
            return value == null || ConfigurationSource.isServiceLink(alias.name(), value) ? List.of()
                    : List.of(RawValue.text(alias.name(), value, "environment " + alias.name()));
        }
        List<RawValue> found = new ArrayList<>();
        for (ConfigurationSource source : sources) {
            RawValue raw = source.values().get(KeyNames.fold(alias.name()));
            if (raw != null) {
                found.add(raw);
            }
        }
        return found;
    }

    private <T> Resolved<T> parse(Setting<T> setting, RawValue raw, Origin.Kind kind, Alias alias) {
        ConfigKey<T> key = setting.key();
        String what = alias == null ? setting.name() : setting.name() + " (by its alias " + raw.name() + ")";
        try {
            if (key.type().equals("list") && raw.elements().stream().flatMap(List::stream)
                    .anyMatch(word -> word.contains(","))) {
                throw new IllegalArgumentException("an element of this list cannot hold a comma");
            }
            if (raw.elements().isPresent() && !key.type().startsWith("list")) {
                throw new IllegalArgumentException("expected one value of type " + key.type() + " and not an array");
            }
            String text = alias == null ? raw.text() : alias.conversion().apply(raw.text());
            if (key.type().equals(KeyTypes.PATH)) {
                // Absolute before the parser sees it, so that plugins need not know where relative paths start.
                text = baseOf(kind, raw).resolve(text).normalize().toString();
            }
            T value = key.parser().apply(text);
            return new Resolved<>(Optional.of(value), Optional.of(text), new Origin(kind, raw.place()
                    + (alias == null ? "" : " (alias)")));
        } catch (InvalidPathException noPath) {
            problems.add(raw.place() + ": " + what + " = '" + raw.text() + "' is not a path");
        } catch (RuntimeException wrong) {
            // A plugin's parser may throw anything.
            String reason = wrong instanceof IllegalArgumentException && wrong.getMessage() != null ? wrong.getMessage()
                    : "cannot be read: " + wrong;
            boolean isTelling = key.secret() && reason.contains(raw.text());
            problems.add(raw.place() + ": " + what + " = '" + (key.secret() ? MASK : raw.text()) + "': "
                    + (isTelling ? "is not valid" : reason));
        }
        return new Resolved<>(key.defaultValue(), key.defaultValue().map(value -> ValueText.of(key, value)), Origin.DEFAULT);
    }

    private Path baseOf(Origin.Kind kind, RawValue raw) {
        boolean isInFile = kind == Origin.Kind.FILE || kind == Origin.Kind.ALIAS && inputs.file()
                .filter(file -> raw.place().startsWith(file + ":")).isPresent();
        return isInFile ? inputs.home() : inputs.workingDirectory();
    }

    private void reportUnknown(Set<RawValue> read) {
        KnownButUnused unused = new KnownButUnused();
        Map<String, String> warned = new TreeMap<>();
        for (Alias alias : Alias.all()) {
            String target = KeyNames.fold(alias.target());
            for (RawValue raw : find(alias)) {
                read.add(raw);
                if (raw.isSet() && !declared.containsKey(target) && (alias.isKey() || !alias.target().startsWith("storage."))) {
                    unused.find(target, alias.target()).ifPresent(entry ->
                            warned.putIfAbsent(target, raw.place() + ": " + entry.sentence()));
                }
            }
        }
        for (ConfigurationSource source : sources) {
            source.values().forEach((folded, raw) -> {
                if (read.contains(raw)) {
                    return;
                }
                Optional<KnownButUnused.Entry> entry = unused.find(folded, raw.name());
                Optional<String> refusal = raw.isSet() ? entry.flatMap(known -> known.refusal(raw.text())) : Optional.empty();
                if (refusal.isPresent()) {
                    problems.add(raw.place() + ": " + raw.name() + " = '" + raw.text() + "': " + refusal.get());
                } else if (entry.isPresent()) {
                    if (raw.isSet()) {
                        warned.putIfAbsent(folded, raw.place() + ": " + entry.get().sentence());
                    }
                } else {
                    problems.add(raw.place() + ": unknown key " + raw.name() + suggestion(source.kind(), folded, raw));
                }
            });
            if (!source.ignored().isEmpty()) {
                notices.add("ignored, because they look like the service links of a container platform: "
                        + String.join(", ", source.ignored()));
            }
        }
        notices.addAll(warned.values());
    }

    /// Names the nearest key in the spelling that the source uses.
    private String suggestion(Origin.Kind kind, String folded, RawValue raw) {
        Map<String, String> spellings = new TreeMap<>();
        Set<String> lastWords = new LinkedHashSet<>();
        for (Setting<?> setting : declared.values()) {
            spellings.put(setting.folded(), switch (kind) {
                case PROPERTY -> KeyNames.PROPERTY_PREFIX + setting.name();
                case ENVIRONMENT -> setting.environmentName();
                case FILE, ALIAS, DEFAULT -> setting.name();
            });
            if (folded.equals(KeyNames.fold(setting.key().name()))) {
                lastWords.add(spellings.get(setting.folded()));
            }
        }
        if (!lastWords.isEmpty()) {
            return "; did you mean " + String.join(" or ", lastWords) + "?";
        }
        return NearestName.find(folded, spellings.keySet()).map(near -> "; did you mean " + spellings.get(near) + "?")
                .or(() -> new KnownButUnused().nearest(folded).map(name -> "; did you mean " + name + "?"))
                .orElse("; docs/configuration.md lists all keys, and 'bin/arc config' those of the installed plugins");
    }
}
