# frozen_string_literal: true

require "rails_helper"

# What twenty windows that wait for their tips cost the Fiber Link server, whose answers come at
# once, which is its most expensive way: they ask the forum every ten seconds for ten minutes.
RSpec.describe "Twenty open windows" do
  include_context "with a Fiber Link server"

  let(:start) { Time.zone.now.change(usec: 0) }
  let(:tips) do
    20.times.map do
      Fabricate(:fiber_link_tip, state: "open", expires_at: start + lifetime)
    end
  end

  # Runs the enqueued and the scheduled jobs that are due, as the forum would.
  def run_jobs(second, due)
    due.concat(Jobs::FiberLinkWatch.jobs)
    Jobs::FiberLinkWatch.clear
    due.select { |job| job.fetch("at", 0) <= Time.now.to_f }.each do |job|
      due.delete(job)
      Jobs::FiberLinkWatch.new.execute(job["args"].first.with_indifferent_access)
    end
    Jobs::FiberLinkSync.new.execute({}) if (second % 60).zero?
  end

  # Without requests it is what the endpoint does, in less time.
  def look_at(tip, requests:)
    return FiberLink::TipRefresh.call(FiberLink::Tip.find_by(tip_id: tip.tip_id)) unless requests
    sign_in(tip.user)
    get "/fiber-link/tips/#{tip.tip_id}.json"
    expect(response.status).to eq(200)
  end

  def watch_for_ten_minutes(jobs:, requests: false)
    due = []
    (0...600).step(10) do |second|
      freeze_time(start + second)
      run_jobs(second, due) if jobs
      tips.each { |tip| look_at(tip, requests: requests) }
    end
    server.requests.group_by { |request| ((request.at - start) / 60).floor }
  end

  before do
    serve_events([])
    server.on("tip.get") { |params| wire_tip(tipId: params["tipId"], expiresAt: wire_time(start)) }
  end

  shared_examples "fewer than 20 requests a minute" do
    it "cost the server fewer than 20 requests a minute, where nobody waits for events" do
      minutes = watch_for_ten_minutes(jobs: false)
      expect(minutes.values.map(&:size).max).to be_between(1, 19)
    end

    it "cost the server fewer than 20 requests a minute, with the forum's jobs" do
      minutes = watch_for_ten_minutes(jobs: true)
      expect(minutes.values.map(&:size).max).to be_between(1, 19)
    end
  end

  context "when the invoices are still to be paid" do
    let(:lifetime) { 15.minutes }

    it_behaves_like "fewer than 20 requests a minute"

    it "cost no more over the endpoint itself" do
      minutes = watch_for_ten_minutes(jobs: true, requests: true)
      expect(minutes.values.map(&:size).max).to be_between(1, 19)
    end
  end

  context "when the invoices expire meanwhile, all at once" do
    let(:lifetime) { 2.minutes }

    it_behaves_like "fewer than 20 requests a minute"

    it "learn in turn how each tip ended" do
      server.on("tip.get") do |params|
        wire_tip(tipId: params["tipId"], state: "FAILED", exactState: "EXPIRED")
      end
      watch_for_ten_minutes(jobs: false)
      expect(tips.map { |tip| tip.reload.state }.uniq).to eq(["expired"])
    end
  end
end
