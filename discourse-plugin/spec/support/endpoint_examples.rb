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
    [
      { status: 302, headers: { "Location" => "https://elsewhere.example.com/rpc" } },
      { status: 500, body: "<h1>It broke</h1>" },
      { status: 200, body: "<script>alert(1)</script>" },
      { status: 200, body: "{\"result\":" },
      { status: 200, body: "x" * 5.megabytes },
    ].each do |answer|
      server_does(**answer)
      request
      expect_unavailable
    end
    expect(a_request(:any, /elsewhere/)).not_to have_been_made
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
