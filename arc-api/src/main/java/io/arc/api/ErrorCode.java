package io.arc.api;

/// What went wrong, as a closed set. The HTTP room turns a code's [Category] into a status; nothing else may.
public enum ErrorCode {
    /// The body cannot be decoded: not the announced format, cut short, or a value outside what the format allows.
    MALFORMED_PAYLOAD(Category.BAD_REQUEST),
    /// A request parameter, header or configuration value of a request is unknown or out of range.
    INVALID_PARAMETER(Category.BAD_REQUEST),
    /// A database, table or column name breaks the naming rules.
    INVALID_NAME(Category.BAD_REQUEST),
    /// A timestamp is of an impossible type or outside what 64-bit microseconds can hold.
    INVALID_TIMESTAMP(Category.BAD_REQUEST),
    /// A column holds values whose types have no common column type.
    TYPE_CONFLICT(Category.BAD_REQUEST),
    /// Some records of a request were stored and others refused; the message counts and locates the refused ones.
    PARTIAL_WRITE(Category.BAD_REQUEST),
    /// A statement is not one that Arc runs: not read-only, several at once, a refused function, a syntax error.
    QUERY_REJECTED(Category.BAD_REQUEST),
    /// No valid credential came with the request.
    UNAUTHENTICATED(Category.UNAUTHENTICATED),
    /// The credential is valid and does not allow this.
    FORBIDDEN(Category.FORBIDDEN),
    /// A database or table that does not exist.
    UNKNOWN_TABLE(Category.NOT_FOUND),
    /// A route, a job, a token or another addressed thing that does not exist.
    NOT_FOUND(Category.NOT_FOUND),
    /// The thing exists already, or another holder has it.
    CONFLICT(Category.CONFLICT),
    /// A request is larger than a configured limit, on the wire or after decompression.
    PAYLOAD_TOO_LARGE(Category.TOO_LARGE),
    /// A bounded resource (memory budget, queue, WAL backlog) is used up. Trying again later can succeed.
    OVERLOADED(Category.UNAVAILABLE),
    /// The server is starting or stopping.
    NOT_READY(Category.UNAVAILABLE),
    /// The store cannot be reached or refused; the operation surely had no effect.
    STORAGE_UNAVAILABLE(Category.UNAVAILABLE),
    /// The store may or may not have carried the operation out. Repeat the same call, or look.
    STORAGE_OUTCOME_UNKNOWN(Category.UNAVAILABLE),
    /// An object that a read named is not in the store.
    OBJECT_MISSING(Category.INTERNAL),
    /// A query ran into its time limit.
    QUERY_TIMEOUT(Category.TIMEOUT),
    /// A query was cancelled by its client, an administrator or the server's stop.
    QUERY_CANCELLED(Category.UNAVAILABLE),
    /// A configuration value stops the start.
    CONFIGURATION(Category.INTERNAL),
    /// A plugin cannot be loaded, opened or used.
    PLUGIN(Category.INTERNAL),
    /// Stored bytes do not match their checksum or format.
    CORRUPT_DATA(Category.INTERNAL),
    /// A defect of Arc.
    INTERNAL(Category.INTERNAL);

    /// Who has to act: the client, an operator, or us.
    public enum Category {
        BAD_REQUEST, UNAUTHENTICATED, FORBIDDEN, NOT_FOUND, CONFLICT, TOO_LARGE, TIMEOUT, UNAVAILABLE, INTERNAL
    }

    private final Category category;

    ErrorCode(Category category) {
        this.category = category;
    }

    public Category category() {
        return category;
    }
}
