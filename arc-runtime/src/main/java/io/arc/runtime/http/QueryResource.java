package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.query.QueryInfo;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.DELETE;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import java.util.List;
import java.util.Locale;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The queries that wait or run.
@Path("/api/v1/queries")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Query")
public class QueryResource {
    private ServerState state;

    /// For the container's proxy.
    protected QueryResource() {}

    @Inject
    public QueryResource(ServerState state) {
        this.state = state;
    }

    @GET
    @Operation(summary = "All queries that wait or run")
    public String list() {
        List<QueryInfo> queries = state.services().queries().running();
        Json json = new Json().object().name("queries").array();
        queries.forEach(query -> json.object().name("id").value(query.id()).name("sql").value(query.sql()).name("database")
                .value(query.database()).name("priority").value(query.priority().name().toLowerCase(Locale.ROOT)).name("since")
                .value(query.since().toString()).name("running").value(query.running()).name("row_count")
                        .value(query.rowCount())
                .endObject());
        return json.endArray().name("count").value(queries.size()).endObject().toString();
    }

    @DELETE
    @Path("{id}")
    @Operation(summary = "Cancels a query")
    public String cancel(@PathParam("id") String id) {
        if (!state.services().queries().cancel(id)) {
            throw new ArcException(ErrorCode.NOT_FOUND, "no query '" + id + "' waits or runs");
        }
        return new Json().object().name("success").value(true).name("message").value("query " + id + " is being cancelled")
                .endObject().toString();
    }
}
