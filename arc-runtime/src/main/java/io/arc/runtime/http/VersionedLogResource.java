package io.arc.runtime.http;

import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/// The same under the path with a version, which later clients use.
@Path("/api/v1/wal")
@ApplicationScoped
@Produces("application/json")
@Tag(name = "Write-ahead log")
public class VersionedLogResource extends LogResource {
    /// For the container's proxy.
    protected VersionedLogResource() {}

    @Inject
    public VersionedLogResource(ServerState state) {
        super(state);
    }
}
