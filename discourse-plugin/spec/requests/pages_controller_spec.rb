# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::PagesController do
  fab!(:user) { Fabricate(:user, username: "Some.body-1_x") }

  before { SiteSetting.fiber_link_enabled = true }

  it "is the application for a reload of a creator's page" do
    [
      "/u/#{user.username}/fiber-link",
      "/users/#{user.username}/fiber-link",
      "/u/#{user.username}/fiber-link/withdrawals",
    ].each do |path|
      get path
      expect([path, response.status, response.media_type]).to eq([path, 200, "text/html"])
    end
  end

  it "is nothing but a page" do
    get "/u/#{user.username}/fiber-link.json"
    expect(response.status).to eq(404)
  end

  it "leads from the earlier plugin's page to one's own" do
    get "/fiber-link"
    expect(response).to redirect_to("/my/fiber-link")
  end

  it "is hidden while the plugin is off" do
    SiteSetting.fiber_link_enabled = false
    ["/fiber-link", "/u/#{user.username}/fiber-link"].each do |path|
      get path
      expect(response.status).to eq(404)
    end
  end
end
