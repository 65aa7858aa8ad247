package io.arc.runtime.auth;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.auth.Credential.Source;
import io.arc.runtime.auth.TokenPatch.Expiry;
import io.arc.runtime.catalog.CatalogDatabase;
import io.arc.runtime.catalog.TestClock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.PBEKeySpec;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenStoreTest {
    private static final String GIVEN = "an-operators-own-token-of-36-letters";
    private static final TokenPatch NOTHING =
            new TokenPatch(Optional.empty(), Optional.empty(), Optional.empty(), new Expiry.Unchanged());

    @TempDir
    private Path folder;

    private final TestClock clock = new TestClock();
    private CatalogDatabase database;
    private TokenStore store;
    private Authenticator authenticator;

    @BeforeEach
    void open() {
        database = CatalogDatabase.open(folder.resolve("arc.db"), clock, Optional.empty());
        start();
    }

    private void start() {
        store = new TokenStore(database, clock);
        authenticator = new Authenticator(store, clock, Duration.ofMinutes(5), 100);
    }

    @AfterEach
    void close() {
        database.close();
    }

    private void reopen() {
        database.close();
        open();
    }

    private Optional<Principal> check(String token) {
        return authenticator.authenticate(new Credential(token, Source.AUTHORIZATION_HEADER));
    }

    private static void fails(ErrorCode code, ThrowingCallable call, String... words) {
        assertThatExceptionOfType(ArcException.class).isThrownBy(call).satisfies(failure -> {
            assertThat(failure.code()).isEqualTo(code);
            for (String word : words) {
                assertThat(failure.getMessage()).contains(word);
            }
        });
    }

    private NewToken create(String name, Permission... permissions) {
        return store.create(name, "", Optional.of(Set.of(permissions)), Optional.empty());
    }

    @Test
    void theFirstStartMakesAnAdministratorOnce() {
        BootstrapResult.Generated made = (BootstrapResult.Generated) authenticator.bootstrap(Optional.empty(), false);
        assertThat(made.name()).isEqualTo("admin");
        assertThat(made.token()).matches("[A-Za-z0-9_-]{43}=");
        assertThat(made.toString()).doesNotContain(made.token());
        Principal admin = check(made.token()).orElseThrow();
        assertThat(admin.permissions()).containsExactly(Permission.values());
        assertThat(authenticator.bootstrap(Optional.empty(), false)).isInstanceOf(BootstrapResult.TokensExist.class);
        assertThat(authenticator.bootstrap(Optional.of(GIVEN), false)).isInstanceOf(BootstrapResult.TokensExist.class);
        assertThat(authenticator.bootstrap(Optional.of("short"), false)).isInstanceOf(BootstrapResult.TokensExist.class);
        assertThat(check(GIVEN)).isEmpty();
        reopen();
        assertThat(check(made.token())).contains(admin);
    }

    @Test
    void manyStartsAtOnceMakeOneAdministrator() throws Exception {
        int threads = 8;
        CyclicBarrier together = new CyclicBarrier(threads);
        Callable<BootstrapResult> start = () -> {
            together.await();
            return authenticator.bootstrap(Optional.empty(), false);
        };
        int generated = 0;
        try (ExecutorService executor = Executors.newFixedThreadPool(threads)) {
            for (Future<BootstrapResult> each : executor.invokeAll(Collections.nCopies(threads, start))) {
                generated += each.get() instanceof BootstrapResult.Generated ? 1 : 0;
            }
        }
        assertThat(generated).isEqualTo(1);
        assertThat(store.list()).hasSize(1);
    }

    @Test
    void aGivenValueIsUsedAtTheFirstStart() {
        fails(ErrorCode.CONFIGURATION, () -> authenticator.bootstrap(Optional.of("x".repeat(31)), false), "31", "32");
        fails(ErrorCode.CONFIGURATION, () -> authenticator.bootstrap(Optional.of("x".repeat(40) + " y"), false), "position 41");
        fails(ErrorCode.CONFIGURATION, () -> authenticator.bootstrap(Optional.of("user:" + "x".repeat(40)), false),
                "position 5");
        assertThat(store.list()).isEmpty();
        assertThat(authenticator.bootstrap(Optional.of(GIVEN), false)).isEqualTo(new BootstrapResult.Given("admin"));
        assertThat(check(GIVEN).orElseThrow().may(Permission.ADMIN)).isTrue();
    }

    @Test
    void recoveryAddsAnAdministratorAndKeepsTheOthers() {
        NewToken other = create("other", Permission.READ);
        fails(ErrorCode.CONFIGURATION, () -> authenticator.bootstrap(Optional.empty(), true), "auth.bootstrap_token");
        fails(ErrorCode.CONFIGURATION, () -> authenticator.bootstrap(Optional.of("short"), true));
        assertThat(authenticator.bootstrap(Optional.of(GIVEN), true)).isEqualTo(new BootstrapResult.Given("arc-recovery"));
        assertThat(check(GIVEN).orElseThrow().name()).isEqualTo("arc-recovery");
        assertThat(check(other.token())).isPresent();
        // the next start with the same settings
        assertThat(authenticator.bootstrap(Optional.of(GIVEN), true)).isInstanceOf(BootstrapResult.TokensExist.class);
        String another = "B".repeat(32);
        assertThat(authenticator.bootstrap(Optional.of(another), true)).isEqualTo(new BootstrapResult.Given("arc-recovery"));
        assertThat(check(GIVEN)).isEmpty();
        assertThat(check(another)).isPresent();
        assertThat(store.list()).hasSize(2);
    }

    @Test
    void aTokenIsMadeAsAsked() {
        NewToken left = store.create("left out", "d", Optional.empty(), Optional.empty());
        NewToken none = store.create("none", "", Optional.of(Set.of()), Optional.of(Duration.ofDays(7)));
        assertThat(left.info()).isEqualTo(new TokenInfo(left.info().id(), "left out", "d",
                Set.of(Permission.READ, Permission.WRITE), clock.instant(), Optional.empty(), Optional.empty(), true));
        assertThat(none.info().permissions()).isEmpty();
        assertThat(none.info().expiresAt()).contains(clock.instant().plus(Duration.ofDays(7)));
        assertThat(left.toString()).doesNotContain(left.token());
        Principal principal = check(none.token()).orElseThrow();
        for (Permission permission : Permission.values()) {
            assertThat(principal.may(permission)).isFalse();
        }
        assertThat(store.list()).containsExactly(store.find(left.info().id()).orElseThrow(),
                store.find(none.info().id()).orElseThrow());
        List<TokenInfo> before = store.list();
        reopen();
        assertThat(store.list()).extracting(TokenInfo::name, TokenInfo::permissions, TokenInfo::expiresAt)
                .containsExactlyElementsOf(before.stream().map(info -> tuple(info.name(),
                        info.permissions(), info.expiresAt())).toList());
    }

    @Test
    void namesAndSizesAreChecked() {
        create("taken");
        fails(ErrorCode.CONFLICT, () -> create("taken"), "'taken'");
        fails(ErrorCode.INVALID_NAME, () -> create(" "));
        fails(ErrorCode.INVALID_NAME, () -> create("a\nb"));
        fails(ErrorCode.INVALID_NAME, () -> create("n".repeat(129)));
        fails(ErrorCode.INVALID_PARAMETER,
                () -> store.create("d", "d".repeat(1025), Optional.empty(), Optional.empty()), "1025");
        fails(ErrorCode.INVALID_PARAMETER,
                () -> store.create("d", "", Optional.empty(), Optional.of(Duration.ZERO)), "expires_in");
        fails(ErrorCode.INVALID_PARAMETER, () -> Permission.parseAll(List.of("read", "root")), "'root'");
        assertThat(store.list()).hasSize(1);
    }

    @Test
    void theValueIsNowhereInTheFiles() throws Exception {
        NewToken made = create("a", Permission.READ);
        byte[] token = made.token().getBytes(StandardCharsets.US_ASCII);
        for (String name : List.of("arc.db", "arc.db-wal")) {
            String content = new String(Files.readAllBytes(folder.resolve(name)), StandardCharsets.ISO_8859_1);
            assertThat(content).as(name).doesNotContain(new String(token, StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void aRevokedTokenIsWorthNothingAtOnceAndKeepsItsRow() {
        create("admin", Permission.ADMIN);
        NewToken made = create("a", Permission.READ);
        assertThat(check(made.token())).isPresent();
        store.revoke(made.info().id());
        assertThat(check(made.token())).isEmpty();
        assertThat(store.find(made.info().id()).orElseThrow().enabled()).isFalse();
        store.delete(made.info().id());
        assertThat(store.find(made.info().id())).isEmpty();
        fails(ErrorCode.NOT_FOUND, () -> store.revoke(made.info().id()), String.valueOf(made.info().id()));
        fails(ErrorCode.NOT_FOUND, () -> store.delete(made.info().id()));
        fails(ErrorCode.NOT_FOUND, () -> store.rotate(made.info().id()));
        fails(ErrorCode.NOT_FOUND, () -> store.patch(made.info().id(), NOTHING));
        assertThat(create("a").info().id()).isGreaterThan(made.info().id());
    }

    @Test
    void rotationGivesAnotherValueAndTheOldOneDiesAtOnce() {
        NewToken made = store.create("a", "d", Optional.empty(), Optional.of(Duration.ofHours(1)));
        assertThat(check(made.token())).isPresent();
        NewToken rotated = store.rotate(made.info().id());
        assertThat(check(made.token())).isEmpty();
        assertThat(check(rotated.token()).orElseThrow().name()).isEqualTo("a");
        assertThat(rotated.info()).extracting(TokenInfo::id, TokenInfo::description, TokenInfo::expiresAt)
                .containsExactly(made.info().id(), "d", made.info().expiresAt());
        reopen();
        assertThat(check(made.token())).isEmpty();
        assertThat(check(rotated.token())).isPresent();
    }

    @Test
    void aPatchChangesWhatItNamesOnly() {
        create("taken");
        NewToken made = store.create("a", "d", Optional.empty(), Optional.of(Duration.ofHours(1)));
        long id = made.info().id();
        assertThat(store.patch(id, NOTHING)).isEqualTo(made.info());
        assertThat(check(made.token()).orElseThrow().may(Permission.DELETE)).isFalse();
        TokenInfo patched = store.patch(id, new TokenPatch(Optional.of("b"), Optional.of("e"),
                Optional.of(Set.of(Permission.DELETE)), new Expiry.After(Duration.ofDays(2))));
        assertThat(patched).isEqualTo(new TokenInfo(id, "b", "e", Set.of(Permission.DELETE), made.info().createdAt(),
                Optional.of(clock.instant()), Optional.of(clock.instant().plus(Duration.ofDays(2))), true));
        assertThat(check(made.token()).orElseThrow()).isEqualTo(new Principal(id, "b", Set.of(Permission.DELETE)));
        assertThat(store.patch(id, new TokenPatch(Optional.empty(), Optional.empty(), Optional.empty(), new Expiry.Never()))
                .expiresAt()).isEmpty();
        fails(ErrorCode.CONFLICT, () -> store.patch(id, new TokenPatch(Optional.of("taken"), Optional.empty(), Optional.empty(),
                new Expiry.Unchanged())), "'taken'");
        fails(ErrorCode.INVALID_PARAMETER, () -> new Expiry.After(Duration.ZERO));
    }

    @Test
    void theLastAdministratorStays() {
        NewToken one = create("one", Permission.ADMIN);
        NewToken two = store.create("two", "", Optional.of(Permission.ALL), Optional.of(Duration.ofHours(1)));
        store.patch(one.info().id(), new TokenPatch(Optional.of("uno"), Optional.empty(), Optional.empty(),
                new Expiry.Unchanged()));
        clock.advance(Duration.ofHours(1));
        // two has expired by now
        long id = one.info().id();
        fails(ErrorCode.CONFLICT, () -> store.delete(id), "'uno'", "last");
        fails(ErrorCode.CONFLICT, () -> store.revoke(id));
        fails(ErrorCode.CONFLICT, () -> store.patch(id, new TokenPatch(Optional.empty(), Optional.empty(),
                Optional.of(Permission.DEFAULT), new Expiry.Unchanged())));
        assertThat(check(one.token()).orElseThrow().may(Permission.ADMIN)).isTrue();
        store.delete(two.info().id());
        NewToken three = create("three", Permission.ADMIN);
        store.delete(id);
        fails(ErrorCode.CONFLICT, () -> store.revoke(three.info().id()));
    }

    @Test
    void theLastUseIsNotedOnceAMinute() {
        NewToken made = create("a", Permission.READ);
        long id = made.info().id();
        Instant first = clock.instant();
        check(made.token());
        clock.advance(Duration.ofSeconds(59));
        check(made.token());
        assertThat(store.find(id).orElseThrow().lastUsedAt()).contains(first);
        clock.advance(Duration.ofSeconds(1));
        check(made.token());
        assertThat(store.find(id).orElseThrow().lastUsedAt()).contains(clock.instant());
        reopen();
        assertThat(store.find(id).orElseThrow().lastUsedAt()).contains(clock.instant());
    }

    @Test
    void anUpstreamTableIsTakenOver() throws Exception {
        database.close();
        Path old = folder.resolve("old/arc.db");
        database = CatalogDatabase.open(old, clock, Optional.empty());
        String[] tokens = {"pbkdf2-with-prefix-token-000000000000", "pbkdf2-without-prefix-token-000000000",
            "plain-sha256-token-00000000000000000", "expired-token-00000000000000000000000", "bcrypt-token"};
        database.write(session -> {
            // the oldest shape: no prefix, no description
            session.prepare("CREATE TABLE api_tokens (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE,"
                    + " token_hash TEXT NOT NULL UNIQUE, permissions TEXT DEFAULT 'read,write', created_at TIMESTAMP DEFAULT"
                    + " CURRENT_TIMESTAMP, last_used_at TIMESTAMP, expires_at TIMESTAMP, enabled INTEGER DEFAULT 1,"
                    + " token_prefix TEXT)").execute();
            String sha = TokenHash.hex(TokenHash.sha256(tokens[2]));
            String[][] rows = {
                {"go", pbkdf2(tokens[0]), "read,write,delete,admin", "2026-01-01 10:00:00.123456789+02:00", null,
                    TokenHash.hex(TokenHash.sha256(tokens[0])).substring(0, 16)},
                {"legacy", pbkdf2(tokens[1]), "read, write,root", "2025-10-08T12:00:00.5", "2027-01-01 00:00:00+00:00",
                    "__legacy__"},
                {"sha", sha, "read", "2025-10-08 12:00:00", null, null},
                {"expired", TokenHash.hex(TokenHash.sha256(tokens[3])), "read", "2025-10-08 12:00:00", "some day", null},
                {"bcrypt", "$2b$12$abcdefghijklmnopqrstuv", "read", "2025-10-08 12:00:00", null, "__legacy__"}};
            PreparedStatement insert = session.prepare("INSERT INTO api_tokens (name, token_hash, permissions, created_at,"
                    + " expires_at, token_prefix) VALUES (?, ?, ?, ?, ?, ?)");
            for (String[] row : rows) {
                for (int i = 0; i < row.length; i++) {
                    insert.setString(i + 1, row[i]);
                }
                insert.executeUpdate();
            }
            return true;
        });
        start();
        assertThat(store.list()).extracting(TokenInfo::name).containsExactly("go", "legacy", "sha", "expired", "bcrypt");
        assertThat(store.find(1).orElseThrow().createdAt()).isEqualTo(Instant.parse("2026-01-01T08:00:00.123456789Z"));
        assertThat(store.find(2).orElseThrow().createdAt()).isEqualTo(Instant.parse("2025-10-08T12:00:00.500Z"));
        assertThat(store.find(2).orElseThrow().expiresAt()).contains(Instant.parse("2027-01-01T00:00:00Z"));
        assertThat(authenticator.bootstrap(Optional.empty(), false)).isInstanceOf(BootstrapResult.TokensExist.class);
        assertThat(check(tokens[0]).orElseThrow().may(Permission.ADMIN)).isTrue();
        assertThat(check(tokens[1]).orElseThrow().permissions()).containsExactly(Permission.READ, Permission.WRITE);
        assertThat(check(tokens[2]).orElseThrow().name()).isEqualTo("sha");
        assertThat(check(tokens[3])).isEmpty();
        assertThat(check(tokens[4])).isEmpty();
        assertThat(check("unknown")).isEmpty();
        assertThat(check("unknown")).isEmpty();
        // slow hashes have been replaced, in the file too
        long slow = database.write(session -> {
            try (ResultSet row = session
                    .prepare("SELECT count(*) FROM api_tokens WHERE token_hash LIKE '$pbkdf2%'").executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        });
        assertThat(slow).isZero();
        assertThat(check(tokens[0])).isPresent();
        assertThat(check(tokens[1])).isPresent();
        assertThat(store.create("new", "", Optional.empty(), Optional.empty()).info().enabled()).isTrue();
    }

    private static String pbkdf2(String token) {
        byte[] salt = "sixteen bytes!!!".getBytes(StandardCharsets.US_ASCII);
        try {
            byte[] key = SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256")
                    .generateSecret(new PBEKeySpec(token.toCharArray(), salt, 2000, 256)).getEncoded();
            Base64.Encoder base64 = Base64.getEncoder().withoutPadding();
            return "$pbkdf2-sha256$2000$" + base64.encodeToString(salt) + '$' + base64.encodeToString(key);
        } catch (GeneralSecurityException impossible) {
            throw new AssertionError(impossible);
        }
    }

    @Test
    void knownHashesMatch() {
        // RFC 7914, section 11: P "passwd", S "salt", 1 round, 64 bytes
        byte[] key = HexFormat.of().parseHex("55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"
                + "49ca9cccf179b645991664b39d77ef317c71b845b1e30bd509112041d3a19783");
        String hash = "$pbkdf2-sha256$1$c2FsdA$" + Base64.getEncoder().withoutPadding().encodeToString(key);
        assertThat(TokenHash.matchesPbkdf2(hash, "passwd")).isTrue();
        assertThat(TokenHash.matchesPbkdf2(hash, "Passwd")).isFalse();
    }

    @Test
    void damagedHashesMatchNothing() {
        List<String> hashes = new ArrayList<>(List.of("", "$pbkdf2-sha256$0$c2FsdA$aaaa", "$pbkdf2-sha256$1$$aaaa",
                "$pbkdf2-sha256$1$c2FsdA$a", "$pbkdf2-sha256$999999999$c2FsdA$aaaa", "$pbkdf2-sha256$-1$c2FsdA$aaaa"));
        for (String hash : hashes) {
            assertThat(TokenHash.matchesPbkdf2(hash, "x")).as(hash).isFalse();
        }
    }
}
