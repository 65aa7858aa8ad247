package io.arc.runtime.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The same under the path without a version, which earlier clients use.
@Path("/api/compaction")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Compaction")
public class ShortCompactionResource extends CompactionResource {
    /// For the container's proxy.
    protected ShortCompactionResource() {}

    @Inject
    public ShortCompactionResource(ServerState state) {
        super(state);
    }
}
