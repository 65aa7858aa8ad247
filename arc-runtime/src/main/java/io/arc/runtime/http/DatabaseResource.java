package io.arc.runtime.http;

import io.arc.api.ArcException;
import io.arc.api.ErrorCode;
import io.arc.runtime.query.TableSource;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonException;
import jakarta.json.JsonReader;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.POST;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Response;
import java.io.StringReader;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// Databases and what is in them.
@Path("/api/v1/databases")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Databases")
public class DatabaseResource {
    private ServerState state;

    /// For the container's proxy.
    protected DatabaseResource() {}

    @Inject
    public DatabaseResource(ServerState state) {
        this.state = state;
    }

    @GET
    @Operation(summary = "All databases")
    public String list() {
        TableSource tables = state.services().tables();
        List<String> names = tables.databases();
        Json json = new Json().object().name("databases").array();
        names.forEach(name -> json.object().name("name").value(name).name("measurement_count").value(tables.tables(name).size())
                .endObject());
        return json.endArray().name("count").value(names.size()).endObject().toString();
    }

    @POST
    @Operation(summary = "Makes an empty database", description = "Body: {\"name\":\"prod\"}. A first write makes one too.")
    public Response create(String body) {
        String name;
        try (JsonReader reader = jakarta.json.Json.createReader(new StringReader(body))) {
            name = reader.readObject().getString("name", "");
        } catch (JsonException | IllegalStateException | ClassCastException bad) {
            throw new ArcException(ErrorCode.INVALID_PARAMETER, "expected a JSON object like {\"name\":\"prod\"}", bad);
        }
        state.services().databases().create(name);
        return Response.status(201).entity(new Json().object().name("name").value(name).name("measurement_count").value(0)
                .name("created_at").value(state.clock().instant().toString()).endObject().toString()).build();
    }

    @GET
    @Path("{database}")
    @Operation(summary = "One database")
    public String one(@PathParam("database") String database) {
        require(database);
        return new Json().object().name("name").value(database).name("measurement_count")
                .value(state.services().tables().tables(database).size()).endObject().toString();
    }

    @GET
    @Path("{database}/measurements")
    @Operation(summary = "The tables of a database")
    public String measurements(@PathParam("database") String database) {
        require(database);
        var tables = state.services().tables().tables(database);
        Json json = new Json().object().name("database").value(database).name("measurements").array();
        tables.forEach(table -> json.object().name("name").value(table.table()).endObject());
        return json.endArray().name("count").value(tables.size()).endObject().toString();
    }

    private void require(String database) {
        if (!state.services().tables().databases().contains(database)) {
            throw new ArcException(ErrorCode.UNKNOWN_TABLE, "database '" + database + "' does not exist");
        }
    }
}
