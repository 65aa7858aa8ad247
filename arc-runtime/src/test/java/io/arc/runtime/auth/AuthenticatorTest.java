package io.arc.runtime.auth;

import static org.assertj.core.api.Assertions.assertThat;

import io.arc.runtime.auth.Credential.Source;
import io.arc.runtime.catalog.CatalogDatabase;
import io.arc.runtime.catalog.TestClock;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AuthenticatorTest {
    @TempDir
    private Path folder;

    private final TestClock clock = new TestClock();
    private CatalogDatabase database;
    private TokenStore store;

    @BeforeEach
    void open() {
        database = CatalogDatabase.open(folder.resolve("arc.db"), clock, Optional.empty());
        store = new TokenStore(database, clock);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private Authenticator authenticator(Duration timeToLive, int maxEntries) {
        return new Authenticator(store, clock, timeToLive, maxEntries);
    }

    private NewToken create(String name, Optional<Duration> life) {
        return store.create(name, "", Optional.empty(), life);
    }

    private static Credential credential(String token) {
        return new Credential(token, Source.API_KEY_HEADER);
    }

    @Test
    void remembersForAWhile() {
        Authenticator authenticator = authenticator(Duration.ofSeconds(30), 10);
        NewToken token = create("a", Optional.empty());
        for (int i = 0; i < 3; i++) {
            assertThat(authenticator.authenticate(credential(token.token())).orElseThrow().name()).isEqualTo("a");
        }
        assertThat(authenticator.cacheStats())
                .isEqualTo(new Authenticator.CacheStats(1, 10, Duration.ofSeconds(30), 2, 1, 0));
        clock.advance(Duration.ofSeconds(30));
        assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
        assertThat(authenticator.cacheStats())
                .isEqualTo(new Authenticator.CacheStats(1, 10, Duration.ofSeconds(30), 2, 2, 1));
        assertThat(authenticator.cacheStats().requests()).isEqualTo(4);
        authenticator.invalidate();
        assertThat(authenticator.cacheStats().size()).isZero();
        assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
    }

    @Test
    void aTokenThatExpiresWhileRememberedIsRefused() {
        Authenticator authenticator = authenticator(Duration.ofHours(1), 10);
        NewToken token = create("a", Optional.of(Duration.ofMinutes(5)));
        assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
        clock.advance(Duration.ofMinutes(5).minusNanos(1));
        assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
        assertThat(authenticator.cacheStats().hits()).isEqualTo(1);
        clock.advance(Duration.ofNanos(1));
        assertThat(authenticator.authenticate(credential(token.token()))).isEmpty();
        assertThat(authenticator.cacheStats().size()).isZero();
    }

    @Test
    void isBounded() {
        Authenticator authenticator = authenticator(Duration.ofHours(1), 5);
        List<NewToken> tokens = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            tokens.add(create("t" + i, Optional.empty()));
        }
        for (NewToken token : tokens) {
            clock.advance(Duration.ofSeconds(1));
            assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
        }
        assertThat(authenticator.cacheStats().size()).isEqualTo(5);
        assertThat(authenticator.cacheStats().evictions()).isEqualTo(15);
        // the youngest are still there
        assertThat(authenticator.authenticate(credential(tokens.getLast().token()))).isPresent();
        assertThat(authenticator.cacheStats().hits()).isEqualTo(1);
    }

    @Test
    void worksWithoutACacheToo() {
        NewToken token = create("a", Optional.empty());
        for (Authenticator authenticator : List.of(authenticator(Duration.ZERO, 10), authenticator(Duration.ofHours(1), 0))) {
            assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
            assertThat(authenticator.authenticate(credential(token.token()))).isPresent();
            assertThat(authenticator.cacheStats().size()).isZero();
        }
    }

    @Test
    void wrongTokensAreNotRemembered() {
        Authenticator authenticator = authenticator(Duration.ofHours(1), 10);
        for (int i = 0; i < 100; i++) {
            assertThat(authenticator.authenticate(credential("wrong" + i))).isEmpty();
        }
        assertThat(authenticator.cacheStats().size()).isZero();
    }

    /// The invariant hunted: a check that begins after a revocation has returned never succeeds, however many race with it.
    @Test
    void aRevocationIsObeyedByEveryCheckAfterIt() throws Exception {
        Authenticator authenticator = authenticator(Duration.ofHours(1), 10);
        try (ExecutorService executor = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 60; round++) {
                NewToken token = create("r" + round, Optional.empty());
                AtomicBoolean revoked = new AtomicBoolean();
                List<Future<Integer>> checks = new ArrayList<>();
                for (int thread = 0; thread < 3; thread++) {
                    checks.add(executor.submit(() -> {
                        int stale = 0;
                        boolean last = false;
                        while (!last) {
                            last = revoked.get();
                            boolean present = authenticator.authenticate(credential(token.token())).isPresent();
                            stale += last && present ? 1 : 0;
                        }
                        return stale;
                    }));
                }
                store.revoke(token.info().id());
                revoked.set(true);
                for (Future<Integer> check : checks) {
                    assertThat(check.get()).as("round %d", round).isZero();
                }
                assertThat(authenticator.authenticate(credential(token.token()))).isEmpty();
            }
        }
    }
}
