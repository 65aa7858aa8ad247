package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.catalog.DataFile;
import io.arc.runtime.http.AnswerStream.ClientGone;
import io.arc.runtime.http.AnswerStream.Coding;
import io.arc.runtime.metrics.Metrics;
import io.arc.runtime.partition.Names;
import io.arc.runtime.query.QueryRequest;
import io.arc.runtime.query.QueryRequest.Priority;
import io.arc.runtime.query.RunningQuery;
import io.arc.runtime.query.TableSource;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Header;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonString;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// SQL in, rows out. The engine has parsed, planned and produced its first rows before the status goes out, so that whatever
/// can be known to fail is told by the status.
final class QueryRoutes {
    private static final Logger LOG = System.getLogger(QueryRoutes.class.getName());
    private static final HeaderName DATABASE = HeaderNames.create("x-arc-database");
    private static final HeaderName PRIORITY = HeaderNames.create("x-arc-priority");
    private static final HeaderName PROFILE = HeaderNames.create("x-arc-profile");
    private static final HeaderName QUERY_ID = HeaderNames.create("X-Arc-Query-ID");
    private static final HeaderName AFTER = HeaderNames.create("x-arc-after");
    private static final int MAX_POSITIONS = 100;
    private static final int MAX_REQUEST_BYTES = 4 << 20;

    private final ServerState state;
    private final Bodies bodies;
    private final Metrics.Counter disconnects;

    QueryRoutes(ServerState state, Bodies bodies) {
        this.state = state;
        this.bodies = bodies;
        this.disconnects = state.metrics().counter("arc_query_client_disconnects_total", "queries",
                "Queries whose client left while the answer was sent.");
    }

    /// How a result is written.
    private enum Format {
        JSON("application/json"), ARROW("application/vnd.apache.arrow.stream"), MSGPACK("application/msgpack"), CSV("text/csv");

        private final Header contentType;

        Format(String contentType) {
            this.contentType = HeaderValues.createCached(HeaderNames.CONTENT_TYPE, contentType);
        }

        void write(RunningQuery query, OutputStream out) throws IOException {
            switch (this) {
                case JSON -> query.writeJson(out);
                case ARROW -> query.writeArrow(out);
                case MSGPACK -> query.writeMsgPack(out);
                case CSV -> query.writeCsv(out);
            }
        }
    }

    void json(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> {
            JsonObject body = body(request);
            Format format = body.getString("format", "json").equalsIgnoreCase("csv") ? Format.CSV : Format.JSON;
            answer(format, query(body, request), request, response);
        });
    }

    void arrow(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> answer(Format.ARROW, query(body(request), request), request, response));
    }

    void msgPack(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> answer(Format.MSGPACK, query(body(request), request), request, response));
    }

    void csv(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> {
            response.header(HeaderNames.CONTENT_DISPOSITION, "attachment; filename=query_result.csv");
            answer(Format.CSV, query(body(request), request), request, response);
        });
    }

    /// How many rows a statement would give. A statement that fails is no failure of the request.
    void estimate(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> {
            long started = System.nanoTime();
            ClientWatch watch = new ClientWatch(request, response);
            QueryRequest query = query(body(request), request).withAbandoned(watch::isGone);
            io.arc.runtime.http.Json json = new io.arc.runtime.http.Json().object();
            try {
                long rows = state.services().queries().estimate(query);
                String level = rows > 1_000_000 ? "high" : rows > 100_000 ? "medium" : rows > 10_000 ? "low" : "none";
                json.name("success").value(true).name("estimated_rows").value(rows).name("warning_level").value(level)
                        .name("warning_message").value("the result has %,d rows".formatted(rows));
            } catch (ArcException failed) {
                if (failed.code() == ErrorCode.QUERY_TIMEOUT || failed.code() == ErrorCode.OVERLOADED) {
                    throw failed;
                }
                json.name("success").value(false).name("estimated_rows").nullValue().name("warning_level").value("error")
                        .name("error").value(failed.getMessage());
            }
            json.name("execution_time_ms").value((System.nanoTime() - started) / 1_000_000).endObject();
            if (watch.answer()) {
                response.header(HeaderValues.CONNECTION_CLOSE);
            }
            Answers.json(request, response, 200, json.toString());
        });
    }

    /// Rows of one table, for those without SQL: `GET /api/v1/query/{table}?database=&limit=&offset=&order_by=&where=`.
    void table(String table, ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> {
            UriQuery query = request.query();
            String database = parameter(query, "database").or(() -> request.headers().first(DATABASE))
                    .orElse(state.services().defaultDatabase());
            long limit = number(query, "limit", 100, 1_000_000);
            long offset = number(query, "offset", 0, Long.MAX_VALUE);
            StringBuilder sql = new StringBuilder("SELECT * FROM ").append(quoted(database)).append('.').append(quoted(table));
            // The text goes through the same gate as any statement, so that nothing but a condition can hide in it; the line
            // breaks end a comment that it may close with.
            parameter(query, "where").ifPresent(where -> sql.append(" WHERE (").append(where).append("\n)"));
            sql.append(" ORDER BY ").append(parameter(query, "order_by").orElse("time DESC")).append("\nLIMIT ").append(limit)
                    .append(" OFFSET ").append(offset);
            answer(Format.JSON, request(sql.toString(), database, Priority.NORMAL, false).withAfter(after(request)), request,
                    response);
        });
    }

    void measurements(ServerRequest request, ServerResponse response) throws IOException {
        guarded(request, response, () -> {
            long started = System.nanoTime();
            TableSource tables = state.services().tables();
            List<String> databases = parameter(request.query(), "database").map(List::of).orElseGet(tables::databases);
            io.arc.runtime.http.Json json = new io.arc.runtime.http.Json().object().name("success").value(true)
                    .name("measurements").array();
            int count = 0;
            try (TableSource.Snapshot snapshot = tables.snapshot()) {
                for (String database : databases) {
                    for (TableId table : tables.tables(database)) {
                        List<DataFile> files = snapshot.find(table).map(view -> view.files()).orElse(List.of());
                        double megabytes = files.stream().mapToLong(DataFile::sizeBytes).sum() / (double) (1 << 20);
                        json.object().name("database").value(database).name("measurement").value(table.table())
                                .name("file_count").value(files.size()).name("total_size_mb")
                                .value(Math.round(megabytes * 100) / 100.0).name("storage_path")
                                .value(database + "/" + table.table() + "/**/*.parquet").endObject();
                        count++;
                    }
                }
            }
            json.endArray().name("count").value(count).name("execution_time_ms")
                    .value((System.nanoTime() - started) / 1_000_000);
            Answers.json(request, response, 200, json.endObject().toString());
        });
    }

    /// @param request what to run; its `abandoned` is ours
    private void answer(Format format, QueryRequest query, ServerRequest request, ServerResponse response) throws IOException {
        ClientWatch watch = new ClientWatch(request, response);
        try (RunningQuery running = state.services().queries().run(query.withAbandoned(watch::isGone))) {
            Coding coding = format == Format.ARROW ? Coding.NONE
                    : Coding.accepted(String.join(",", request.headers().values(HeaderNames.ACCEPT_ENCODING)));
            AnswerStream out = new AnswerStream(request, response, coding, () -> {
                response.status(Status.OK_200).header(format.contentType).header(QUERY_ID, running.id());
                if (format != Format.ARROW) {
                    response.header(HeaderNames.VARY, "Accept-Encoding");
                }
                if (watch.answer()) {
                    response.header(HeaderValues.CONNECTION_CLOSE);
                }
            });
            try {
                format.write(running, out);
                out.finish();
            } catch (ClientGone gone) {
                disconnects.increment();
                throw new CloseConnectionException("the client left while its answer was sent", gone);
            } catch (RuntimeException failed) {
                if (!out.isOpen()) {
                    throw failed;
                }
                // Only a broken connection tells the client that the rows it has are not all.
                LOG.log(Level.WARNING, "query " + running.id()
                        + " failed after its answer had begun; its connection is broken off",
                        failed);
                throw new CloseConnectionException("a query failed after its answer had begun", failed);
            } finally {
                out.release();
            }
        }
    }

    private QueryRequest query(JsonObject body, ServerRequest request) {
        String sql = body.get("sql") instanceof JsonString text ? text.getString() : "";
        if (sql.isBlank()) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "SQL query is required: send {\"sql\":\"SELECT ...\"}");
        }
        Optional<String> header = request.headers().first(DATABASE).filter(name -> !name.isBlank());
        String database = header.map(String::strip).orElse(state.services().defaultDatabase());
        Names.database(database).ifPresent(problem -> {
            throw new ArcException(ErrorCode.INVALID_NAME, "invalid x-arc-database header: " + problem);
        });
        String priority = request.headers().first(PRIORITY).orElse(body.getString("priority", "normal"));
        return request(sql, database, priority(priority), request.headers().first(PROFILE).filter("true"::equals).isPresent())
                .withAfter(after(request));
    }

    /// The writes that the answer has to include: one or more positions, by comma or by header.
    private static List<String> after(ServerRequest request) {
        if (!request.headers().contains(AFTER)) {
            return List.of();
        }
        List<String> positions = new ArrayList<>();
        for (String value : request.headers().values(AFTER)) {
            for (String position : value.split(",")) {
                if (!position.isBlank()) {
                    positions.add(position.strip());
                }
            }
        }
        if (positions.size() > MAX_POSITIONS) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "x-arc-after has " + positions.size()
                    + " positions, at most " + MAX_POSITIONS + " are possible");
        }
        return positions;
    }

    private QueryRequest request(String sql, String database, Priority priority, boolean profile) {
        return new QueryRequest(sql, database, priority, state.services().queryTimeout(), profile);
    }

    private static Priority priority(String text) {
        for (Priority priority : Priority.values()) {
            if (priority.name().equalsIgnoreCase(text.strip())) {
                return priority;
            }
        }
        throw new ArcException(ErrorCode.INVALID_PARAMETER,
                "priority '" + text + "' is none of low, normal, high, critical");
    }

    private JsonObject body(ServerRequest request) {
        try (Bodies.Share share = bodies.share()) {
            ByteSlice body = bodies.read(request, share, MAX_REQUEST_BYTES, "");
            try (JsonReader reader = Json.createReader(new ByteArrayInputStream(body.array(), body.offset(), body.length()))) {
                return reader.readObject();
            } catch (JsonException | IllegalStateException bad) {
                throw new ArcException(ErrorCode.INVALID_PARAMETER,
                        "Invalid request body: expected a JSON object like {\"sql\":\"SELECT 1\"}: " + bad.getMessage(), bad);
            }
        }
    }

    private static Optional<String> parameter(UriQuery query, String name) {
        return query.contains(name) ? Optional.of(query.get(name)).filter(value -> !value.isBlank()) : Optional.empty();
    }

    private static long number(UriQuery query, String name, long absent, long max) {
        return parameter(query, name).map(text -> {
            if (text.matches("[0-9]{1,18}") && Long.parseLong(text) <= max) {
                return Long.parseLong(text);
            }
            throw new ArcException(ErrorCode.INVALID_PARAMETER, name + " is '" + text + "'; expected 0 to " + max);
        }).orElse(absent);
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    private interface Work {
        void run() throws IOException;
    }

    /// Errors of the query family have their own envelope, with null columns and rows.
    private void guarded(ServerRequest request, ServerResponse response, Work work) throws IOException {
        Instant started = state.clock().instant();
        try {
            work.run();
        } catch (ArcException failed) {
            if (response.isSent()) {
                throw failed;
            }
            if (request.context().get(ClientWatch.UsedUp.class).isPresent()) {
                response.header(HeaderValues.CONNECTION_CLOSE);
            }
            ErrorResponses.Answer answer = ErrorResponses.of(failed, ErrorShape.ARC);
            answer.retryAfterSeconds().ifPresent(seconds -> response.header(HeaderNames.RETRY_AFTER,
                    Integer.toString(seconds)));
            String text = answer.status() == 500 ? Json.createReader(new java.io.StringReader(answer.body())).readObject()
                    .getString("error") : failed.getMessage();
            Answers.json(request, response, answer.status(), new io.arc.runtime.http.Json().object().name("success")
                    .value(false)
                    .name("columns").nullValue().name("data").nullValue().name("row_count").value(0).name("execution_time_ms")
                    .value(java.time.Duration.between(started, state.clock().instant()).toMillis()).name("timestamp")
                    .value(started.truncatedTo(ChronoUnit.SECONDS).toString()).name("error").value(text).name("message")
                    .value(text).endObject().toString());
        }
    }
}
