package io.arc.runtime.http;

import io.arc.api.spi.IngestProtocol.ErrorShape;
import io.arc.runtime.http.ErrorResponses.Answer;
import io.helidon.webserver.CloseConnectionException;
import jakarta.ws.rs.NotFoundException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;

/// Answers what a JAX-RS resource throws as [Failures] answers all else.
@Provider
public class ResourceFailures implements ExceptionMapper<RuntimeException> {
    @Context
    private UriInfo uri;

    @Context
    private Request request;

    @Override
    public Response toResponse(RuntimeException failure) {
        if (failure instanceof CloseConnectionException closing) {
            throw closing;
        }
        if (failure instanceof NotFoundException none) {
            // No resource has the path. Left empty, so that routing goes on behind JAX-RS.
            return none.getResponse();
        }
        if (failure instanceof WebApplicationException refused && refused.getResponse().getStatus() < 500) {
            int status = refused.getResponse().getStatus();
            String text = status == 405 ? request.getMethod() + " is not possible on /" + uri.getPath() : refused.getMessage();
            return Response.fromResponse(refused.getResponse()).type(MediaType.APPLICATION_JSON_TYPE)
                    .entity(ErrorResponses.body(ErrorShape.ARC, io.arc.api.ErrorCode.INVALID_PARAMETER, text)).build();
        }
        Answer answer = ErrorResponses.of(failure, ErrorShape.ARC);
        Response.ResponseBuilder response = Response.status(answer.status()).type(MediaType.APPLICATION_JSON_TYPE)
                .entity(answer.body());
        answer.retryAfterSeconds().ifPresent(seconds -> response.header("Retry-After", seconds));
        return response.build();
    }
}
