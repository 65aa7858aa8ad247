package io.arc.runtime.auth;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.auth.StoredTokens.Row;
import io.arc.runtime.catalog.CatalogDatabase;
import io.arc.runtime.catalog.CatalogDatabase.Migration;
import io.arc.runtime.catalog.CatalogDatabase.Session;
import io.arc.runtime.catalog.CatalogDatabase.Transaction;
import java.security.SecureRandom;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.TemporalAccessor;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;

/// The tokens, in the table `api_tokens` of the server's SQLite file and mirrored in memory. A token's value is stored nowhere.
///
/// Thread-safe. Reading does no I/O; a change is durable, and obeyed by every check that begins later, when its method returns.
/// At least one token that is enabled, not expired and an administrator's stays: what would take the last one away is refused
/// with CONFLICT. The table has the shape that upstream servers give it, whose file can be taken over.
public final class TokenStore {
    /// A token's random bytes; as URL-safe Base64 with padding they are 44 characters.
    public static final int TOKEN_BYTES = 32;
    /// What a value that an operator chooses must have.
    public static final int MIN_GIVEN_LENGTH = 32;
    public static final int MAX_NAME_LENGTH = 128;
    public static final int MAX_DESCRIPTION_LENGTH = 1024;

    static final String FIRST_ADMIN = "admin";
    static final String RECOVERY_ADMIN = "arc-recovery";

    private static final System.Logger LOG = System.getLogger(TokenStore.class.getName());
    private static final String NO_PREFIX = "__legacy__";
    private static final Duration LAST_USE_PRECISION = Duration.ofMinutes(1);

    private static final List<Migration> MIGRATIONS = List.of(session -> {
        session.prepare("""
                CREATE TABLE IF NOT EXISTS api_tokens (
                  id INTEGER PRIMARY KEY AUTOINCREMENT,
                  name TEXT NOT NULL UNIQUE,
                  token_hash TEXT NOT NULL,
                  token_prefix TEXT NOT NULL DEFAULT '__legacy__',
                  description TEXT NOT NULL DEFAULT '',
                  permissions TEXT NOT NULL DEFAULT '',
                  created_at TEXT NOT NULL,
                  last_used_at TEXT,
                  expires_at TEXT,
                  enabled INTEGER NOT NULL DEFAULT 1
                )""").execute();
        Set<String> columns = new HashSet<>();
        try (ResultSet row = session.prepare("SELECT name FROM pragma_table_info('api_tokens')").executeQuery()) {
            while (row.next()) {
                columns.add(row.getString(1));
            }
        }
        // Older upstream tables lack some of these.
        Map<String, String> additions = Map.of("token_prefix", "TEXT NOT NULL DEFAULT '__legacy__'", "description", "TEXT",
                "last_used_at", "TEXT", "expires_at", "TEXT", "enabled", "INTEGER NOT NULL DEFAULT 1");
        for (Map.Entry<String, String> addition : additions.entrySet()) {
            if (!columns.contains(addition.getKey())) {
                session.prepare("ALTER TABLE api_tokens ADD COLUMN " + addition.getKey() + ' ' + addition.getValue()).execute();
            }
        }
    });

    private final CatalogDatabase database;
    private final InstantSource clock;
    private final SecureRandom random = new SecureRandom();
    private final ConcurrentHashMap<Long, AtomicReference<Instant>> lastUses = new ConcurrentHashMap<>();
    private volatile StoredTokens current = new StoredTokens(List.of());

    /// Makes the table when it is missing and reads it. The database stays its owner's.
    public TokenStore(CatalogDatabase database, InstantSource clock) {
        this.database = database;
        this.clock = clock;
        database.migrate("auth", MIGRATIONS);
        database.write(new Change<>(session -> true));
        for (Row row : current.rows()) {
            if (!TokenHash.isSha256(row.hash()) && !TokenHash.isPbkdf2(row.hash())) {
                LOG.log(System.Logger.Level.WARNING, "Token '" + row.info().name() + "' (id " + row.info().id()
                        + ") is stored in a form that this Arc cannot check. Rotate it or delete it.");
            }
        }
    }

    /// By id.
    public List<TokenInfo> list() {
        List<TokenInfo> infos = new ArrayList<>();
        for (Row row : current.rows()) {
            infos.add(withLastUse(row.info()));
        }
        return infos;
    }

    public Optional<TokenInfo> find(long id) {
        for (Row row : current.rows()) {
            if (row.info().id() == id) {
                return Optional.of(withLastUse(row.info()));
            }
        }
        return Optional.empty();
    }

    /// Makes a token.
    ///
    /// @param permissions empty: read and write; an empty set: none
    /// @param life empty: for ever
    /// @throws ArcException CONFLICT for a name that is taken, INVALID_NAME, INVALID_PARAMETER
    public NewToken create(String name, String description, Optional<Set<Permission>> permissions, Optional<Duration> life) {
        requireName(name);
        requireDescription(description);
        life.ifPresent(Lifetimes::requirePositive);
        Instant now = clock.instant();
        String token = newToken();
        long id = database.write(new Change<>(session -> {
            requireFreeName(session, name, -1);
            return insert(session, name, description, permissions.orElse(Permission.DEFAULT), now, life.map(now::plus), token);
        }));
        return new NewToken(find(id).orElseThrow(), token);
    }

    /// Changes a token.
    ///
    /// @throws ArcException NOT_FOUND; CONFLICT for a name that is taken or the last administrator; INVALID_NAME,
    ///     INVALID_PARAMETER
    public TokenInfo patch(long id, TokenPatch patch) {
        patch.name().ifPresent(TokenStore::requireName);
        patch.description().ifPresent(TokenStore::requireDescription);
        Instant now = clock.instant();
        return withLastUse(database.write(new Change<>(session -> {
            TokenInfo before = require(session, id);
            if (patch.name().isPresent()) {
                requireFreeName(session, patch.name().get(), id);
            }
            Optional<Instant> expires = switch (patch.expiry()) {
                case TokenPatch.Expiry.Unchanged unchanged -> before.expiresAt();
                case TokenPatch.Expiry.Never never -> Optional.empty();
                case TokenPatch.Expiry.After after -> Optional.of(now.plus(after.life()));
            };
            PreparedStatement update = session.prepare(
                    "UPDATE api_tokens SET name = ?, description = ?, permissions = ?, expires_at = ? WHERE id = ?");
            update.setString(1, patch.name().orElse(before.name()));
            update.setString(2, patch.description().orElse(before.description()));
            update.setString(3, text(patch.permissions().orElse(before.permissions())));
            update.setString(4, expires.map(Instant::toString).orElse(null));
            update.setLong(5, id);
            update.executeUpdate();
            requireAdminLeft(session, before, now);
            return require(session, id);
        })));
    }

    /// Switches a token off and keeps its row.
    ///
    /// @throws ArcException NOT_FOUND; CONFLICT for the last administrator
    public void revoke(long id) {
        remove(id, "UPDATE api_tokens SET enabled = 0 WHERE id = ?");
    }

    /// Removes a token and its row.
    ///
    /// @throws ArcException NOT_FOUND; CONFLICT for the last administrator
    public void delete(long id) {
        remove(id, "DELETE FROM api_tokens WHERE id = ?");
    }

    /// Gives a token another value. The old one is worth nothing when this returns; all else stays, revoked or expired too.
    ///
    /// @throws ArcException NOT_FOUND
    public NewToken rotate(long id) {
        String token = newToken();
        TokenInfo info = database.write(new Change<>(session -> {
            TokenInfo found = require(session, id);
            updateHash(session, id, token);
            return found;
        }));
        return new NewToken(withLastUse(info), token);
    }

    /// See [Authenticator#bootstrap].
    BootstrapResult bootstrap(Optional<String> given, boolean force) {
        Instant now = clock.instant();
        return database.write(new Change<BootstrapResult>(session -> {
            List<Row> rows = read(session);
            if (rows.isEmpty()) {
                String token = given.map(TokenStore::requireGiven).orElseGet(this::newToken);
                insert(session, FIRST_ADMIN, "Made at the first start", Permission.ALL, now, Optional.empty(), token);
                return given.isPresent() ? new BootstrapResult.Given(FIRST_ADMIN)
                        : new BootstrapResult.Generated(FIRST_ADMIN, token);
            }
            if (!force) {
                return new BootstrapResult.TokensExist();
            }
            String token = requireGiven(given.orElseThrow(() -> new ArcException(ErrorCode.CONFIGURATION,
                    "auth.force_bootstrap is on, but there is no auth.bootstrap_token to make an administrator of."
                            + " Set it (ARC_AUTH_BOOTSTRAP_TOKEN, at least 32 characters).")));
            byte[] sha256 = TokenHash.sha256(token);
            for (Row row : rows) {
                if (row.info().isUsableAdmin(now) && TokenHash.isSha256(row.hash())
                        && TokenHash.matchesSha256(row.hash(), sha256)) {
                    return new BootstrapResult.TokensExist();
                }
            }
            Optional<TokenInfo> recovery = rows.stream().map(Row::info).filter(info -> info.name().equals(RECOVERY_ADMIN))
                    .findFirst();
            if (recovery.isPresent()) {
                PreparedStatement update = session.prepare(
                        "UPDATE api_tokens SET permissions = ?, expires_at = NULL, enabled = 1 WHERE id = ?");
                update.setString(1, text(Permission.ALL));
                update.setLong(2, recovery.get().id());
                update.executeUpdate();
                updateHash(session, recovery.get().id(), token);
            } else {
                insert(session, RECOVERY_ADMIN, "Made by auth.force_bootstrap", Permission.ALL, now, Optional.empty(), token);
            }
            return new BootstrapResult.Given(RECOVERY_ADMIN);
        }));
    }

    StoredTokens current() {
        return current;
    }

    /// Notes that a token was used: in memory at once, in the file later and not more often than once a minute.
    void used(long id, Instant now) {
        AtomicReference<Instant> last = lastUses.get(id);
        if (last == null) {
            last = lastUses.computeIfAbsent(id, key -> new AtomicReference<>(Instant.MIN));
        }
        Instant before = last.get();
        if (before.isAfter(Instant.MIN) && now.isBefore(before.plus(LAST_USE_PRECISION)) || !last.compareAndSet(before, now)) {
            return;
        }
        try {
            database.submit(session -> {
                PreparedStatement update = session.prepare("UPDATE api_tokens SET last_used_at = ? WHERE id = ?");
                update.setString(1, now.toString());
                update.setLong(2, id);
                return update.executeUpdate();
            });
        } catch (ArcException closing) {
            LOG.log(System.Logger.Level.DEBUG, "The last use of token " + id + " is not written, the server is stopping",
                    closing);
        }
    }

    /// Replaces a slow hash, now that the value is known, by the quick one. Not waited for.
    void upgrade(Row row, String token) {
        try {
            database.submit(new Change<>(session -> {
                PreparedStatement find = session.prepare("SELECT token_hash FROM api_tokens WHERE id = ?");
                find.setLong(1, row.info().id());
                boolean unchanged;
                try (ResultSet found = find.executeQuery()) {
                    unchanged = found.next() && found.getString(1).equals(row.hash());
                }
                if (unchanged) {
                    updateHash(session, row.info().id(), token);
                }
                return unchanged;
            }));
        } catch (ArcException closing) {
            LOG.log(System.Logger.Level.DEBUG, "Token " + row.info().id() + " keeps its slow hash, the server is stopping",
                    closing);
        }
    }

    private void remove(long id, String sql) {
        Instant now = clock.instant();
        database.write(new Change<>(session -> {
            TokenInfo before = require(session, id);
            PreparedStatement statement = session.prepare(sql);
            statement.setLong(1, id);
            statement.executeUpdate();
            requireAdminLeft(session, before, now);
            return true;
        }));
    }

    /// Changes the table, reads it again and lets the world see that once it is durable.
    private final class Change<T> implements Transaction<T> {
        private final Transaction<T> change;
        private StoredTokens after;

        Change(Transaction<T> change) {
            this.change = change;
        }

        @Override
        public T run(Session session) throws SQLException {
            T result = change.run(session);
            after = new StoredTokens(read(session));
            return result;
        }

        @Override
        public void committed() {
            current = after;
            Set<Long> ids = new HashSet<>();
            for (Row row : after.rows()) {
                ids.add(row.info().id());
            }
            lastUses.keySet().retainAll(ids);
        }
    }

    private String newToken() {
        byte[] bytes = new byte[TOKEN_BYTES];
        random.nextBytes(bytes);
        return Base64.getUrlEncoder().encodeToString(bytes);
    }

    private TokenInfo withLastUse(TokenInfo info) {
        AtomicReference<Instant> last = lastUses.get(info.id());
        if (last == null || last.get().equals(Instant.MIN)) {
            return info;
        }
        return new TokenInfo(info.id(), info.name(), info.description(), info.permissions(), info.createdAt(),
                Optional.of(last.get()), info.expiresAt(), info.enabled());
    }

    private static long insert(Session session, String name, String description, Set<Permission> permissions, Instant now,
            Optional<Instant> expires, String token) throws SQLException {
        String hash = TokenHash.hex(TokenHash.sha256(token));
        PreparedStatement insert = session.prepare("INSERT INTO api_tokens (name, token_hash, token_prefix, description,"
                + " permissions, created_at, expires_at, enabled) VALUES (?, ?, ?, ?, ?, ?, ?, 1) RETURNING id");
        insert.setString(1, name);
        insert.setString(2, hash);
        insert.setString(3, hash.substring(0, TokenHash.PREFIX_LENGTH));
        insert.setString(4, description);
        insert.setString(5, text(permissions));
        insert.setString(6, now.toString());
        insert.setString(7, expires.map(Instant::toString).orElse(null));
        try (ResultSet row = insert.executeQuery()) {
            row.next();
            return row.getLong(1);
        }
    }

    private static void updateHash(Session session, long id, String token) throws SQLException {
        String hash = TokenHash.hex(TokenHash.sha256(token));
        PreparedStatement update = session.prepare("UPDATE api_tokens SET token_hash = ?, token_prefix = ? WHERE id = ?");
        update.setString(1, hash);
        update.setString(2, hash.substring(0, TokenHash.PREFIX_LENGTH));
        update.setLong(3, id);
        update.executeUpdate();
    }

    private static TokenInfo require(Session session, long id) throws SQLException {
        for (Row row : read(session)) {
            if (row.info().id() == id) {
                return row.info();
            }
        }
        throw new ArcException(ErrorCode.NOT_FOUND, "There is no token with id " + id + ".");
    }

    private static void requireFreeName(Session session, String name, long exceptId) throws SQLException {
        for (Row row : read(session)) {
            if (row.info().name().equals(name) && row.info().id() != exceptId) {
                throw new ArcException(ErrorCode.CONFLICT, "A token named '" + name + "' exists already (id " + row.info().id()
                        + "). Choose another name, or rotate that one.");
            }
        }
    }

    private static void requireAdminLeft(Session session, TokenInfo before, Instant now) throws SQLException {
        if (!before.isUsableAdmin(now)) {
            return;
        }
        for (Row row : read(session)) {
            if (row.info().isUsableAdmin(now)) {
                return;
            }
        }
        throw new ArcException(ErrorCode.CONFLICT, "Token '" + before.name() + "' is the last one with admin permission."
                + " Make another administrator first.");
    }

    private static void requireName(String name) {
        if (name.isBlank() || name.length() > MAX_NAME_LENGTH || name.chars().anyMatch(Character::isISOControl)) {
            throw new ArcException(ErrorCode.INVALID_NAME, "A token's name must have 1 to " + MAX_NAME_LENGTH
                    + " characters, not all of them spaces and none a control character.");
        }
    }

    private static void requireDescription(String description) {
        if (description.length() > MAX_DESCRIPTION_LENGTH) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "A token's description has " + description.length()
                    + " characters, at most " + MAX_DESCRIPTION_LENGTH + " are allowed.");
        }
    }

    /// What an operator gives must be long, as nothing slows guessing down, and must survive a header and [Credentials].
    private static String requireGiven(String token) {
        if (token.length() < MIN_GIVEN_LENGTH) {
            throw new ArcException(ErrorCode.CONFIGURATION, "auth.bootstrap_token (ARC_AUTH_BOOTSTRAP_TOKEN) has "
                    + token.length() + " characters, at least " + MIN_GIVEN_LENGTH + " are needed."
                    + " 'openssl rand -base64 32' makes a good one.");
        }
        for (int i = 0; i < token.length(); i++) {
            char unit = token.charAt(i);
            if (unit <= ' ' || unit >= 0x7f || unit == ':') {
                throw new ArcException(ErrorCode.CONFIGURATION, "auth.bootstrap_token (ARC_AUTH_BOOTSTRAP_TOKEN) has at"
                        + " position " + (i + 1) + " a character that clients cannot send: only visible ASCII characters"
                        + " but ':' are allowed.");
            }
        }
        return token;
    }

    private static List<Row> read(Session session) throws SQLException {
        List<Row> rows = new ArrayList<>();
        try (ResultSet row = session.prepare("SELECT id, name, token_hash, token_prefix, description, permissions, created_at,"
                + " last_used_at, expires_at, enabled FROM api_tokens ORDER BY id").executeQuery()) {
            while (row.next()) {
                Optional<Instant> expires = Optional.ofNullable(row.getString(9)).filter(text -> !text.isEmpty())
                        // An end that nobody can read is over: rather a token too few than one too many.
                        .map(text -> instant(text).orElse(Instant.EPOCH));
                TokenInfo info = new TokenInfo(row.getLong(1), row.getString(2), orEmpty(row.getString(5)),
                        permissions(orEmpty(row.getString(6))), instant(orEmpty(row.getString(7))).orElse(Instant.EPOCH),
                        instant(orEmpty(row.getString(8))), expires, row.getInt(10) != 0);
                rows.add(new Row(info, orEmpty(row.getString(3)), Objects.requireNonNullElse(row.getString(4), NO_PREFIX)));
            }
        }
        return rows;
    }

    private static String text(Set<Permission> permissions) {
        StringBuilder text = new StringBuilder();
        for (Permission permission : Permission.copy(permissions)) {
            text.append(text.isEmpty() ? "" : ",").append(permission.text());
        }
        return text.toString();
    }

    /// Words that are no permission grant nothing.
    private static Set<Permission> permissions(String text) {
        Map<String, Permission> known = new HashMap<>();
        for (Permission permission : Permission.values()) {
            known.put(permission.text(), permission);
        }
        Set<Permission> permissions = new HashSet<>();
        for (String word : text.split(",")) {
            Permission permission = known.get(word.strip());
            if (permission != null) {
                permissions.add(permission);
            }
        }
        return permissions;
    }

    /// Reads our own form and those of upstream servers: a space for the `T`, no zone for UTC.
    private static Optional<Instant> instant(String text) {
        String iso = text.strip().replaceFirst(" ", "T").replaceFirst(" ", "");
        try {
            TemporalAccessor time =
                    DateTimeFormatter.ISO_DATE_TIME.parseBest(iso, OffsetDateTime::from, LocalDateTime::from);
            return Optional.of(time instanceof OffsetDateTime zoned ? zoned.toInstant()
                    : LocalDateTime.from(time).toInstant(ZoneOffset.UTC));
        } catch (DateTimeException noTime) {
            return Optional.empty();
        }
    }

    private static String orEmpty(String text) {
        return text == null ? "" : text;
    }
}
