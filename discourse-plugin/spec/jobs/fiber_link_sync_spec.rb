# frozen_string_literal: true

require "rails_helper"

RSpec.describe Jobs::FiberLinkSync do
  include_context "with a Fiber Link server"

  def run = described_class.new.execute({})

  it "runs every minute" do
    expect(described_class.every).to eq(1.minute)
  end

  it "records what happened" do
    tip = Fabricate(:fiber_link_tip, state: "open")
    serve_events([settled_event(tip)])
    run
    expect(tip.reload.state).to eq("settled")
  end

  it "starts waiting for open tips, where nobody waits" do
    serve_events([])
    expect_not_enqueued_with(job: :fiber_link_watch) { run }
    Fabricate(:fiber_link_tip, state: "open")
    expect_enqueued_with(job: :fiber_link_watch) { run }
  end

  it "leaves the feed to who waits for it" do
    Discourse.redis.set(FiberLink::Watch::KEY, "another", ex: 60)
    run
    expect(server.requests).to be_empty
  end

  it "lets tips expire that nobody asks about any more" do
    serve_events([])
    old = Fabricate(:fiber_link_tip, state: "open", expires_at: 2.hours.ago)
    fresh = Fabricate(:fiber_link_tip, state: "open")
    run
    expect([old, fresh].map { |tip| tip.reload.state }).to eq(%w[expired open])
  end

  it "does nothing, and logs nothing, while the plugin is not set up" do
    SiteSetting.remove_override!(:fiber_link_app_secret)
    Fabricate(:fiber_link_tip, state: "open")
    log = StringIO.new
    Rails.stubs(:logger).returns(Logger.new(log))
    run
    expect(log.string).not_to include("fiber-link")
    expect(Jobs::FiberLinkWatch.jobs).to be_empty
    expect(FiberLink::FeedPosition.current.last_error).to be_nil
  end

  it "does nothing while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    Fabricate(:fiber_link_tip, state: "open")
    run
    expect(server.requests).to be_empty
    expect(Jobs::FiberLinkWatch.jobs).to be_empty
  end
end
