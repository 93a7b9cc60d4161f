# frozen_string_literal: true

# What holds for every endpoint that asks who is there. The spec says how it is called: `request`.
RSpec.shared_examples "an endpoint of one's own" do |limit:|
  it "is hidden while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    sign_in(current_user)
    request
    expect(response.status).to eq(404)
    expect(response.parsed_body["error_type"]).to eq("not_found")
  end

  it "needs a login" do
    request
    expect(response.status).to eq(403)
    expect(response.parsed_body["error_type"]).to eq("not_logged_in")
  end

  it "answers #{limit} times a minute, and says when to come again" do
    RateLimiter.enable
    sign_in(current_user)
    limit.times { request }
    expect(response.status).not_to eq(429)
    request
    expect(response.status).to eq(429)
    expect(response.parsed_body["error_type"]).to eq("rate_limit")
    expect(response.headers["Retry-After"].to_i).to be_between(1, 60)
  end
end

RSpec.shared_examples "an endpoint that needs the server" do |method|
  before { sign_in(current_user) }

  def expect_unavailable
    expect(response.status).to eq(503)
    expect(response.parsed_body).to eq(
      "errors" => [I18n.t("fiber_link.unavailable")],
      "error_type" => "fiber_link_unavailable",
    )
  end

  it "says that the service is away, and nothing of why" do
    server_is_away
    request
    expect_unavailable
  end

  it "takes a redirect, an error page, no JSON and an answer of 5 MB for no answer" do
    elsewhere = TCPServer.new("127.0.0.1", 0)
    [
      http("302 Found", "", "Location: http://127.0.0.1:#{elsewhere.local_address.ip_port}/rpc"),
      http("500 Internal Server Error", "<h1>It broke</h1>"),
      http("200 OK", "<script>alert(1)</script>"),
      http("200 OK", "{\"result\":"),
      http("200 OK", "\"#{"x" * 5.megabytes}\""),
      "no HTTP at all\r\n\r\n",
    ].each do |answer|
      server_writes(answer)
      request
      expect_unavailable
    end
    expect { elsewhere.accept_nonblock }.to raise_error(IO::WaitReadable)
  ensure
    elsewhere.close
  end

  it "takes results of other types for no answer" do
    [nil, [], "text", 7, {}, { "items" => {} }, { "items" => [7] }].each do |result|
      server_answers(method, result)
      request
      expect_unavailable
    end
  end

  it "says no word of a refused signature" do
    server_refuses(method, -32_001, "Unauthorized")
    request
    expect_unavailable
  end
end
