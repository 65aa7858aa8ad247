package io.arc.runtime.config;

import io.arc.api.spi.ConfigKey;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Tokens.
///
/// @param bootstrapToken the first administrator's token instead of a random one
/// @param cacheTtl how long a checked token is believed without another look at the token table
/// @param cacheEntries the most tokens remembered
public record AuthConfig(boolean enabled, Optional<String> bootstrapToken, boolean forceBootstrap, Duration cacheTtl,
        int cacheEntries) {
    /// A token that people choose has to be long enough not to be guessed.
    public static final int MIN_TOKEN_LENGTH = 32;

    private static final String SECTION = "auth";

    public static final Setting<Boolean> ENABLED = new Setting<>(SECTION, ConfigKey.bool("enabled", true,
            "Whether requests need a token. The first start prints an administrator's token once."));
    public static final Setting<String> BOOTSTRAP_TOKEN = new Setting<>(SECTION, new ConfigKey<>("bootstrap_token", "string",
            AuthConfig::parseToken, Optional.empty(), true,
            "The administrator's token of the first start instead of a random one, at least " + MIN_TOKEN_LENGTH
                    + " characters. Has no effect once there are tokens, unless auth.force_bootstrap is set."));
    public static final Setting<Boolean> FORCE_BOOTSTRAP = new Setting<>(SECTION, ConfigKey.bool("force_bootstrap", false,
            "Adds auth.bootstrap_token as the administrator's token arc-recovery although there are tokens already. "
                    + "For a lost token; remove it after one start."));
    public static final Setting<Duration> CACHE_TTL = new Setting<>(SECTION, KeyTypes.seconds("cache_ttl", 300,
            "How long a checked token is believed without another look. A revoked or expired one is refused at once."));
    public static final Setting<Long> MAX_CACHE_SIZE = new Setting<>(SECTION, ConfigKey.integer("max_cache_size", 1_000, 0,
            1_000_000, "The most checked tokens that are remembered."));

    static final List<Setting<?>> SETTINGS = List.of(ENABLED, BOOTSTRAP_TOKEN, FORCE_BOOTSTRAP, CACHE_TTL, MAX_CACHE_SIZE);

    public static AuthConfig from(Configuration configuration) {
        return new AuthConfig(configuration.value(ENABLED), configuration.find(BOOTSTRAP_TOKEN),
                configuration.value(FORCE_BOOTSTRAP), configuration.value(CACHE_TTL),
                Math.toIntExact(configuration.value(MAX_CACHE_SIZE)));
    }

    static void check(Configuration configuration, ConfigurationProblems problems) {
        if (configuration.value(FORCE_BOOTSTRAP) && configuration.find(BOOTSTRAP_TOKEN).isEmpty()) {
            problems.add(configuration.origin(FORCE_BOOTSTRAP).place() + ": " + FORCE_BOOTSTRAP.name() + " needs "
                    + BOOTSTRAP_TOKEN.name() + " too");
        }
    }

    private static String parseToken(String text) {
        if (text.length() < MIN_TOKEN_LENGTH || text.chars().anyMatch(c -> c <= ' ' || c > '~')) {
            throw new IllegalArgumentException("a token has at least " + MIN_TOKEN_LENGTH
                    + " characters, printable ASCII without blanks; this one has " + text.length() + " characters");
        }
        return text;
    }
}
