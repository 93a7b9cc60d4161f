# frozen_string_literal: true

require "rails_helper"

RSpec.describe FiberLink::TipsController do
  fab!(:current_user, :user)
  fab!(:target_post, :post)

  describe "#options" do
    it "is hidden while the plugin is off" do
      sign_in(current_user)
      get "/fiber-link/tips/options.json", params: { post_id: target_post.id }
      expect(response.status).to eq(404)
    end

    it "needs a login" do
      SiteSetting.fiber_link_enabled = true
      get "/fiber-link/tips/options.json", params: { post_id: target_post.id }
      expect(response.status).to eq(403)
    end
  end
end
