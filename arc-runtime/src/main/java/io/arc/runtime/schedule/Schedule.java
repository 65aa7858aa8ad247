package io.arc.runtime.schedule;

import com.cronutils.model.CronType;
import com.cronutils.model.definition.CronDefinitionBuilder;
import com.cronutils.model.time.ExecutionTime;
import com.cronutils.parser.CronParser;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Objects;
import java.util.Optional;

/// A cron expression of five fields, in UTC. Immutable.
public final class Schedule {
    private final String text;
    private final ExecutionTime times;

    private Schedule(String text, ExecutionTime times) {
        this.text = text;
        this.times = times;
    }

    /// @throws IllegalArgumentException with a sentence
    public static Schedule parse(String text) {
        Objects.requireNonNull(text, "text");
        try {
            CronParser parser = new CronParser(CronDefinitionBuilder.instanceDefinitionFor(CronType.UNIX));
            return new Schedule(text.strip(), ExecutionTime.forCron(parser.parse(text.strip()).validate()));
        } catch (IllegalArgumentException refused) {
            throw new IllegalArgumentException("'" + text + "' is no cron expression of five fields (minute hour day-of-month"
                    + " month day-of-week): " + refused.getMessage(), refused);
        }
    }

    /// The first time after `time`; empty for an expression that never comes true, such as the 30th of February.
    public Optional<Instant> next(Instant time) {
        return times.nextExecution(time.atZone(ZoneOffset.UTC)).map(next -> next.toInstant());
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Schedule schedule && text.equals(schedule.text);
    }

    @Override
    public int hashCode() {
        return text.hashCode();
    }

    @Override
    public String toString() {
        return text;
    }
}
