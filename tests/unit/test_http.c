// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What HTTP texts mean: NO_PROXY, loopback, Retry-After, times.
 */
#include <stdlib.h>
#include <time.h>

#include "check.h"
#include "base/time.h"
#include "kube/http.h"
#include "kube/http_text.h"
#include "kube/plugin.h"

static const char *no_proxy, *https_proxy, *http_proxy;

static char *environment(const char *name)
{
	const char *value = NULL;

	if (!strcmp(name, "NO_PROXY"))
		value = no_proxy;
	else if (!strcmp(name, "https_proxy"))
		value = https_proxy;
	else if (!strcmp(name, "HTTP_PROXY"))
		value = http_proxy;
	return (char *)value;
}

/* L37: what is reached without the proxy. */
static void test_no_proxy(void)
{
	static const struct {
		const char *list;
		const char *server;
		bool direct;
	} cases[] = {
		{ "", "https://10.96.0.1:443", false },
		{ NULL, "https://10.96.0.1:443", false },
		{ "10.96.0.1", "https://10.96.0.1:443", true },
		{ "10.96.0.2", "https://10.96.0.1:443", false },
		{ "10.96.0.0/12", "https://10.96.0.1:443", true },
		{ "10.96.0.0/12", "https://10.112.0.1:443", false },
		{ "10.96.0.0/33", "https://10.96.0.1:443", false },
		{ "10.96.0.0/x", "https://10.96.0.1:443", false },
		{ "0.0.0.0/0", "https://10.96.0.1:443", true },
		{ "0.0.0.0/0", "https://[2001:db8::1]:443", false },
		{ "fd00::/8", "https://[fd00:10:96::1]:443", true },
		{ "fd00::/8", "https://[fe00::1]", false },
		{ "[fd00::1]", "https://[fd00::1]:6443", true },
		{ "[fd00::1]:6443", "https://[fd00::1]:6443", true },
		{ "[fd00::1]:6444", "https://[fd00::1]:6443", false },
		{ "a, b kube.example", "https://kube.example", true },
		{ "kube.example:6443", "https://kube.example:6443", true },
		{ "kube.example:443", "https://kube.example", true },
		{ "kube.example:443", "https://kube.example:6443", false },
		{ "example", "https://kube.example", true },
		{ "xample", "https://kube.example", false },
		{ ".example", "https://kube.example", true },
		{ ".kube.example", "https://kube.example", false },
		{ "*.example", "https://kube.EXAMPLE", true },
		{ "*", "https://10.1.1.1", true },
		{ ",,", "https://10.1.1.1", false },
		{ "10.96.0.1:443", "https://10.96.0.1", true },
		{ "10.96.0.1:444", "https://10.96.0.1", false },
		{ "", "https://127.0.0.1:6443", true },
		{ "", "https://[::1]:6443", true },
		{ "", "https://localhost:6443", true },
		{ "", "https://localhost.example:6443", false },
	};
	size_t i;

	https_proxy = "http://proxy";
	for (i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		no_proxy = cases[i].list;
		if (!CHECK_EQ(!np_http_proxy(cases[i].server, environment),
			      cases[i].direct))
			printf("\t%s with %s\n", cases[i].server,
			       cases[i].list ? cases[i].list : "(null)");
	}
	no_proxy = NULL;
	CHECK_STR(np_http_proxy("http://10.1.1.1", environment), NULL);
	http_proxy = "http://other";
	CHECK_STR(np_http_proxy("http://10.1.1.1", environment), "http://other");
	CHECK_STR(np_http_proxy("https://10.1.1.1", environment), "http://proxy");
	CHECK_STR(np_http_proxy("nonsense://", environment), NULL);
}

static void test_loopback(void)
{
	CHECK(np_http_is_loopback("http://127.1.2.3:1"));
	CHECK(np_http_is_loopback("http://[::1]"));
	CHECK(np_http_is_loopback("http://[::ffff:127.0.0.1]"));
	CHECK(np_http_is_loopback("http://LOCALHOST/x"));
	CHECK(!np_http_is_loopback("http://128.0.0.1"));
	CHECK(!np_http_is_loopback("http://127.0.0.1.example"));
	CHECK(!np_http_is_loopback("http://[::2]"));
	CHECK(!np_http_is_loopback(""));
}

/* L14 */
static void test_retry_after(void)
{
	static const char *const bad[] = {
		"", " ", "-1", "+1", "1.5", "1 2", "x", "1x", "soon",
		"Wed, 01 Jan 2020 00:00:00 GMT",
	};
	char text[64];
	time_t when = time(NULL) + 100;
	size_t i;

	CHECK_EQ(np_http_retry_after(" 0\r\n"), 0);
	CHECK_EQ(np_http_retry_after("120"), 120000);
	CHECK(np_http_retry_after("99999999999999999999") > 0);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK_EQ(np_http_retry_after(bad[i]), -1);
	strftime(text, sizeof(text), "%a, %d %b %Y %H:%M:%S GMT", gmtime(&when));
	CHECK(np_http_retry_after(text) > 95000);
	CHECK(np_http_retry_after(text) <= 100000);
}

/* K13: expirationTimestamp */
static void test_times(void)
{
	CHECK_EQ(np_time_parse("1970-01-01T00:00:10Z"), 10);
	CHECK_EQ(np_time_parse("2024-02-29T12:00:00.123456Z"), 1709208000);
	CHECK_EQ(np_time_parse("2024-02-29T14:00:00+02:00"), 1709208000);
	CHECK_EQ(np_time_parse("2024-02-29T07:30:00-04:30"), 1709208000);
	CHECK_EQ(np_time_parse("2024-02-29"), 0);
	CHECK_EQ(np_time_parse("2024-02-29T12:00:00"), 0);
	CHECK_EQ(np_time_parse("2024-02-29T12:00:00ZZ"), 0);
	CHECK_EQ(np_time_parse("2024-02-29T12:00:00+02"), 0);
	CHECK_EQ(np_time_parse(""), 0);
}

static void test_spans(void)
{
	static const char * const bad[] = { "", "0", "0d", "7w", "7dd", "-7d", "d", "1.5h", " 7d",
					    "99999999999d" };
	char text[NP_TIME_SPAN_SIZE], when[NP_TIME_TEXT_SIZE];
	uint64_t seconds;
	size_t i;

	CHECK(np_time_span_parse("90", &seconds) && seconds == 90);
	CHECK(np_time_span_parse("90s", &seconds) && seconds == 90);
	CHECK(np_time_span_parse("5m", &seconds) && seconds == 300);
	CHECK(np_time_span_parse("12h", &seconds) && seconds == 43200);
	CHECK(np_time_span_parse("7d", &seconds) && seconds == 604800);
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		CHECK(!np_time_span_parse(bad[i], &seconds));
	CHECK_STR(np_time_span_text(0, text), "0s");
	CHECK_STR(np_time_span_text(59, text), "59s");
	CHECK_STR(np_time_span_text(3599, text), "59m");
	CHECK_STR(np_time_span_text(86399, text), "23h");
	CHECK_STR(np_time_span_text(86400, text), "1d");
	CHECK_STR(np_time_span_text(UINT64_MAX, text), "213503982334601d");
	CHECK_STR(np_time_left_text(0, when), "in 0 s");
	CHECK_STR(np_time_left_text(59, when), "in 59 s");
	CHECK_STR(np_time_left_text(3599, when), "in 59 min");
	CHECK_STR(np_time_left_text(86399, when), "in 23 h");
	CHECK_STR(np_time_left_text(86400, when), "in 1 d");
	CHECK_STR(np_time_left_text(UINT64_MAX, when), "in 213503982334601 d");
	CHECK_STR(np_time_utc_text(0, when), "1970-01-01T00:00:00Z");
	CHECK_STR(np_time_utc_text(1796097540, when), "2026-12-01T03:59:00Z");
	CHECK_EQ(np_time_parse(np_time_utc_text(1796097540, when)), 1796097540);
	/* later than any calendar goes */
	CHECK_STR(np_time_utc_text(UINT64_MAX, when), "18446744073709551615");
	CHECK_STR(np_time_utc_text(INT64_MAX, when), "9223372036854775807");
	setenv("TZ", "XXX-1", 1);
	tzset();
	CHECK_STR(np_time_local_text(1796097540, when), "2026-12-01 04:59:00");
	CHECK_STR(np_time_local_text(UINT64_MAX, when), "18446744073709551615");
	CHECK_STR(np_time_of_day_text(1796097540007, when), "04:59:00.007");
}

int main(void)
{
	test_no_proxy();
	test_loopback();
	test_retry_after();
	test_times();
	test_spans();
	return check_done("http");
}
