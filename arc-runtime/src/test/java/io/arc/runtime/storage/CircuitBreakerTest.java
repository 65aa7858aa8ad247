package io.arc.runtime.storage;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class CircuitBreakerTest {
    private static final StoreOptions OPTIONS =
            new StoreOptions(1, Duration.ofMillis(100), Duration.ofMillis(300), Duration.ofSeconds(1), 3);

    private long nanos;
    private final CircuitBreaker breaker = new CircuitBreaker(OPTIONS, () -> nanos);

    private void fail(int times) {
        for (int i = 0; i < times; i++) {
            breaker.failed("away");
        }
    }

    private void advance(long millis) {
        nanos += millis * 1_000_000;
    }

    @Test
    void opensAfterFailuresInARow() {
        fail(2);
        assertThat(breaker.tryPass()).isTrue();
        assertThat(breaker.isOpen()).isFalse();
        breaker.succeeded();
        fail(2);
        assertThat(breaker.isOpen()).isFalse();
        fail(1);
        assertThat(breaker.isOpen()).isTrue();
        assertThat(breaker.tryPass()).isFalse();
        assertThat(breaker.lastFailure()).contains("away");
    }

    @Test
    void letsOneCallThroughAfterThePause() {
        fail(3);
        advance(99);
        assertThat(breaker.tryPass()).isFalse();
        advance(1);
        assertThat(breaker.tryPass()).isTrue();
        assertThat(breaker.tryPass()).as("a second probe").isFalse();
        breaker.succeeded();
        assertThat(breaker.isOpen()).isFalse();
        assertThat(breaker.tryPass()).isTrue();
        assertThat(breaker.lastFailure()).isEmpty();
    }

    @Test
    void pausesDoubleUpToTheMost() {
        fail(3);
        for (long pause : new long[] {100, 200, 300, 300}) {
            advance(pause - 1);
            assertThat(breaker.tryPass()).as("before " + pause + " ms").isFalse();
            advance(1);
            assertThat(breaker.tryPass()).as("after " + pause + " ms").isTrue();
            breaker.failed("still away");
        }
    }

    @Test
    void worksWhenTheClockIsNegativeAndWraps() {
        nanos = Long.MAX_VALUE - 1;
        fail(3);
        assertThat(breaker.tryPass()).isFalse();
        advance(100);
        assertThat(breaker.tryPass()).isTrue();
    }
}
