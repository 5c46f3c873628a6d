/* What those who run reviewd ask it: health, readiness, figures. */
#include "worker.h"

#include <stdio.h>

static const int statuses[STATUS_SLOTS - 1] = {200, 201, 204, 304, 400, 401, 403, 404, 405, 406, 409, 412, 413,
                                               415, 422, 428, 429, 500, 503, 507, 431, 414, 505, 206, 416};

size_t status_slot(int status)
{
    size_t slot = 0;
    while (slot < COUNT_OF(statuses) && statuses[slot] != status)
        slot++;
    return slot;
}

int slot_status(size_t slot)
{
    return slot < COUNT_OF(statuses) ? statuses[slot] : 0;
}

uint64_t latency_bound_us(size_t slot)
{
    return slot + 1 < LATENCY_SLOTS ? 50u << slot : 0;
}

void api_count(struct api_worker *worker, const struct response *response, enum method method, int64_t took_us)
{
    (void)method;
    struct counters *counters = &worker->counters;
    size_t route = response->route < 0 ? route_count : (size_t)response->route;
    size_t slot = 0;
    while (latency_bound_us(slot) && (uint64_t)took_us > latency_bound_us(slot))
        slot++;
    atomic_fetch_add_explicit(&counters->answers[route][status_slot(response->status)], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->latency[route][slot], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&counters->latency_us[route], (uint64_t)took_us, memory_order_relaxed);
}

bool read_health(struct call *call)
{
    static const char alive[] = "{\"status\":\"alive\"}";
    response_add(call->response, "Cache-Control", "no-store");
    answer_static(call, 200, "application/json", alive, sizeof alive - 1);
    return true;
}

bool read_ready(struct call *call)
{
    static const char ready[] = "{\"status\":\"ready\"}";
    const struct api_options *options = &call->api->options;
    struct writer_figures figures = {0};
    if (options->writer)
        writer_figures(options->writer, &figures);
    response_add(call->response, "Cache-Control", "no-store");
    if (figures.read_only)
        answer_problem(call, 503, NULL, "No writes are taken until the server is restarted.");
    else if (options->ready && !options->ready(options->context))
        answer_problem(call, 503, NULL, "The server is starting or draining.");
    else
        answer_static(call, 200, "application/json", ready, sizeof ready - 1);
    return true;
}

/* --- metrics (Prometheus text format 0.0.4) ------------------------------------------------------------------------
 */

static uint64_t sum(struct api *api, _Atomic uint64_t *(*counter)(struct counters *, size_t, size_t), size_t route,
                    size_t slot)
{
    uint64_t total = 0;
    for (size_t i = 0; i < api->worker_count; i++)
        total += atomic_load_explicit(counter(&api->workers[i]->counters, route, slot), memory_order_relaxed);
    return total;
}

static _Atomic uint64_t *answers_at(struct counters *counters, size_t route, size_t slot)
{
    return &counters->answers[route][slot];
}

static _Atomic uint64_t *latency_at(struct counters *counters, size_t route, size_t slot)
{
    return &counters->latency[route][slot];
}

static _Atomic uint64_t *latency_us_at(struct counters *counters, size_t route, size_t slot)
{
    (void)slot;
    return &counters->latency_us[route];
}

static const char *route_name(size_t route)
{
    return route < route_count ? routes[route].path : "none";
}

static const char *route_method(size_t route)
{
    static const char *const names[] = {[METHOD_GET] = "GET", [METHOD_POST] = "POST", [METHOD_PATCH] = "PATCH"};
    return route < route_count ? names[routes[route].method] : "any";
}

static void put_head(struct buffer *body, const char *name, const char *type, const char *help)
{
    buffer_format(body, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_requests(struct buffer *body, struct api *api)
{
    put_head(body, "reviewd_requests_total", "counter", "Requests answered, by route and status.");
    for (size_t route = 0; route <= route_count; route++) {
        for (size_t slot = 0; slot < STATUS_SLOTS; slot++) {
            uint64_t count = sum(api, answers_at, route, slot);
            if (count)
                buffer_format(body, "reviewd_requests_total{method=\"%s\",route=\"%s\",status=\"%d\"} %llu\n",
                              route_method(route), route_name(route), slot_status(slot), (unsigned long long)count);
        }
    }
    put_head(body, "reviewd_request_duration_seconds", "histogram", "From the last byte read to the answer queued.");
    for (size_t route = 0; route <= route_count; route++) {
        uint64_t count = 0;
        for (size_t slot = 0; slot < LATENCY_SLOTS; slot++)
            count += sum(api, latency_at, route, slot);
        uint64_t below = 0;
        for (size_t slot = 0; count && slot < LATENCY_SLOTS; slot++) {
            below += sum(api, latency_at, route, slot);
            buffer_format(body, "reviewd_request_duration_seconds_bucket{method=\"%s\",route=\"%s\",le=\"",
                          route_method(route), route_name(route));
            if (latency_bound_us(slot))
                buffer_format(body, "%g\"} %llu\n", (double)latency_bound_us(slot) / 1e6, (unsigned long long)below);
            else
                buffer_format(body, "+Inf\"} %llu\n", (unsigned long long)below);
        }
        if (count)
            buffer_format(body,
                          "reviewd_request_duration_seconds_sum{method=\"%s\",route=\"%s\"} %g\n"
                          "reviewd_request_duration_seconds_count{method=\"%s\",route=\"%s\"} %llu\n",
                          route_method(route), route_name(route), (double)sum(api, latency_us_at, route, 0) / 1e6,
                          route_method(route), route_name(route), (unsigned long long)count);
    }
}

static void put_buckets(struct buffer *body, const char *name, const uint64_t *buckets, size_t count, uint64_t first,
                        double scale)
{
    uint64_t below = 0;
    for (size_t i = 0; i < count; i++) {
        below += buckets[i];
        if (i + 1 < count)
            buffer_format(body, "%s_bucket{le=\"%g\"} %llu\n", name, (double)(first << i) / scale,
                          (unsigned long long)below);
        else
            buffer_format(body, "%s_bucket{le=\"+Inf\"} %llu\n", name, (unsigned long long)below);
    }
}

static void put_writer(struct buffer *body, const struct writer_figures *figures)
{
    put_head(body, "reviewd_write_queue_depth", "gauge", "Writes that wait for the writer.");
    buffer_format(body, "reviewd_write_queue_depth %zu\n", figures->queue_depth);
    put_head(body, "reviewd_group_size", "histogram", "Writes to a transaction (group commit).");
    put_buckets(body, "reviewd_group_size", figures->group_buckets, COUNT_OF(figures->group_buckets), 1, 1);
    buffer_format(body, "reviewd_group_size_sum %llu\nreviewd_group_size_count %llu\n",
                  (unsigned long long)figures->jobs, (unsigned long long)figures->groups);
    put_head(body, "reviewd_commit_duration_seconds", "histogram", "From BEGIN to COMMIT of a group.");
    put_buckets(body, "reviewd_commit_duration_seconds", figures->commit_us_buckets,
                COUNT_OF(figures->commit_us_buckets), 100, 1e6);
    buffer_format(body, "reviewd_commit_duration_seconds_sum %g\nreviewd_commit_duration_seconds_count %llu\n",
                  (double)figures->commit_us_total / 1e6, (unsigned long long)figures->groups);
    put_head(body, "reviewd_wal_bytes", "gauge", "Bytes of the write-ahead log not yet moved into the database.");
    buffer_format(body, "reviewd_wal_bytes %lld\n", (long long)figures->wal_pages * 4096);
    put_head(body, "reviewd_read_only", "gauge", "1 since a commit with an unknown outcome.");
    buffer_format(body, "reviewd_read_only %d\n", figures->read_only);
}

bool read_metrics(struct call *call)
{
    struct api *api = call->api;
    struct buffer *body = &call->response->body;
    put_requests(body, api);
    struct writer_figures figures = {0};
    if (api->options.writer)
        writer_figures(api->options.writer, &figures);
    put_writer(body, &figures);
    struct transport_figures transport = {0};
    if (api->options.figures)
        api->options.figures(api->options.context, &transport);
    put_head(body, "reviewd_connections", "gauge", "Open connections.");
    buffer_format(body, "reviewd_connections %lld\n", (long long)transport.connections);
    put_head(body, "reviewd_suspended_connections", "gauge", "Connections whose write is under way.");
    buffer_format(body, "reviewd_suspended_connections %lld\n", (long long)transport.suspended);
    struct audit_head head;
    if (call->store && !audit_head(call->store, &head))
        return false;
    put_head(body, "reviewd_audit_head_seq", "gauge", "The newest entry of the audit log.");
    buffer_format(body, "reviewd_audit_head_seq %lld\n", call->store ? (long long)head.seq : 0);
    response_add(call->response, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
    response_add(call->response, "Cache-Control", "no-store");
    call->response->status = 200;
    return true;
}
