package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.api.data.TableId;
import io.arc.api.spi.ByteSlice;
import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.auth.Permission;
import io.arc.runtime.auth.Principal;
import io.helidon.common.uri.UriQuery;
import io.helidon.http.Header;
import io.helidon.http.HeaderValues;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The few things that InfluxDB 1.x clients ask before they write: a ping, and `CREATE DATABASE`, `SHOW DATABASES`, `SHOW
/// MEASUREMENTS` in InfluxQL. Anything else is refused with a word about SQL.
final class InfluxRoutes {
    /// Some clients compare this with 1.4 before they send what we read.
    private static final Header VERSION = HeaderValues.createCached("X-Influxdb-Version", "1.8.10");
    private static final Header BUILD = HeaderValues.createCached("X-Influxdb-Build", "Arc");
    private static final String DONE = "{\"results\":[{\"statement_id\":0}]}";
    private static final int MAX_FORM_BYTES = 1 << 16;

    private final ServerState state;
    private final Bodies bodies;

    InfluxRoutes(ServerState state, Bodies bodies) {
        this.state = state;
        this.bodies = bodies;
    }

    void ping(ServerRequest request, ServerResponse response) {
        response.header(VERSION).header(BUILD).status(Status.NO_CONTENT_204).send();
    }

    void query(ServerRequest request, ServerResponse response) {
        response.header(VERSION).header(BUILD);
        String statement = statement(request);
        List<String> words = words(statement);
        String key = String.join(" ", words.subList(0, Math.min(2, words.size()))).toUpperCase(Locale.ROOT);
        switch (key) {
            case "CREATE DATABASE" -> create(words, request, response);
            case "DROP DATABASE" -> drop(words, request, response);
            case "SHOW DATABASES" -> series(request, response, "databases", state.services().tables().databases());
            case "SHOW MEASUREMENTS" -> measurements(words, request, response);
            default -> Answers.json(request, response, 400, ErrorResponses.body(ErrorShape.INFLUX_1, ErrorCode.QUERY_REJECTED,
                    "InfluxQL is not spoken here beyond CREATE DATABASE, SHOW DATABASES and SHOW MEASUREMENTS; send SQL to "
                            + "POST /api/v1/query"));
        }
    }

    private String statement(ServerRequest request) {
        if (request.query().contains("q")) {
            return request.query().get("q");
        }
        if (request.content().hasEntity()) {
            UriQuery form;
            try (Bodies.Share share = bodies.share()) {
                ByteSlice body = bodies.read(request, share, MAX_FORM_BYTES, "");
                form = UriQuery.create(new String(body.array(), body.offset(), body.length(), StandardCharsets.UTF_8));
            }
            if (form.contains("q")) {
                return form.get("q");
            }
        }
        throw new ArcException(ErrorCode.INVALID_PARAMETER, "missing required parameter \"q\"");
    }

    private void create(List<String> words, ServerRequest request, ServerResponse response) {
        if (words.size() < 3) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "CREATE DATABASE needs a name");
        }
        request.context().get(Principal.class).ifPresent(principal -> {
            if (!principal.may(Permission.WRITE)) {
                Gate.require(principal, Permission.ADMIN);
            }
        });
        try {
            state.services().databases().create(words.get(2));
        } catch (ArcException known) {
            // Creating what exists is a success in InfluxQL.
            if (known.code() != ErrorCode.CONFLICT) {
                throw known;
            }
        }
        Answers.json(request, response, 200, DONE);
    }

    /// A load tool drops what it is about to make. Rows are never deleted by so small a word.
    private void drop(List<String> words, ServerRequest request, ServerResponse response) {
        if (words.size() < 3) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "DROP DATABASE needs a name");
        }
        request.context().get(Principal.class).ifPresent(principal -> Gate.require(principal, Permission.ADMIN));
        String name = words.get(2);
        if (state.services().tables().databases().contains(name)) {
            throw new ArcException(ErrorCode.QUERY_REJECTED, "the database '" + name
                    + "' exists, and databases cannot be dropped "
                    + "in InfluxQL; write to another one");
        }
        Answers.json(request, response, 200, DONE);
    }

    private void measurements(List<String> words, ServerRequest request, ServerResponse response) {
        String database = request.query().contains("db") ? request.query().get("db") : state.services().defaultDatabase();
        long limit = Long.MAX_VALUE;
        if (words.size() == 4 && words.get(2).equalsIgnoreCase("LIMIT") && words.get(3).matches("[0-9]{1,18}")) {
            limit = Long.parseLong(words.get(3));
        }
        series(request, response, "measurements",
                state.services().tables().tables(database).stream().map(TableId::table).limit(limit).toList());
    }

    private static void series(ServerRequest request, ServerResponse response, String name, List<String> rows) {
        Json json = new Json().object().name("results").array().object().name("statement_id").value(0).name("series").array()
                .object().name("name").value(name).name("columns").array().value("name").endArray().name("values").array();
        rows.forEach(row -> json.array().value(row).endArray());
        Answers.json(request, response, 200, json.endArray().endObject().endArray().endObject().endArray().endObject()
                .toString());
    }

    /// Words of a statement, quotes taken off, a closing semicolon dropped.
    private static List<String> words(String statement) {
        List<String> words = new ArrayList<>();
        int i = 0;
        while (i < statement.length()) {
            char c = statement.charAt(i);
            if (Character.isWhitespace(c) || c == ';') {
                i++;
            } else if (c == '"') {
                int end = statement.indexOf('"', i + 1);
                int stop = end < 0 ? statement.length() : end;
                words.add(statement.substring(i + 1, stop));
                i = stop + 1;
            } else {
                int end = i;
                while (end < statement.length() && !Character.isWhitespace(statement.charAt(end))
                        && statement.charAt(end) != ';') {
                    end++;
                }
                words.add(statement.substring(i, end));
                i = end;
            }
        }
        return words;
    }
}
