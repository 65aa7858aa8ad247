package io.arc.runtime.auth;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// How long tokens live, as clients write it: `90m`, `24h`, `7d`, `2w`, `1d12h`, `30s`.
public final class Lifetimes {
    private static final Pattern PART = Pattern.compile("([0-9]{1,9})([wdhms])");
    private static final Duration LONGEST = Duration.ofDays(36_500);

    private Lifetimes() {}

    /// @throws ArcException INVALID_PARAMETER for another form, zero, or more than 100 years
    public static Duration parse(String text) {
        Matcher part = PART.matcher(text);
        Duration life = Duration.ZERO;
        int end = 0;
        while (part.find() && part.start() == end) {
            long count = Long.parseLong(part.group(1));
            life = life.plus(switch (part.group(2).charAt(0)) {
                case 'w' -> Duration.ofDays(7 * count);
                case 'd' -> Duration.ofDays(count);
                case 'h' -> Duration.ofHours(count);
                case 'm' -> Duration.ofMinutes(count);
                default -> Duration.ofSeconds(count);
            });
            end = part.end();
        }
        if (end == 0 || end != text.length()) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER,
                    "expires_in '" + text + "' is not a length of time. Write it like 90m, 24h, 7d or 1d12h.");
        }
        requirePositive(life);
        return life;
    }

    static void requirePositive(Duration life) {
        if (!life.isPositive() || life.compareTo(LONGEST) > 0) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER,
                    "expires_in must be more than zero and at most 36500d, not " + life + ".");
        }
    }
}
